import type { RecordInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { type Day, dayText, isWeekend, momentText } from "./calendar.ts";
import { familyNames, givenNames } from "./names.ts";
import { openRandom, type Random } from "./random.ts";
import { firstDayOf, isWithin, type Span } from "./span.ts";

const contactPurpose = 7;
const touchpointPurpose = 8;
const onboardingDays = 60;

/** The account as it began, as it went live, and as it was handed over. */
export function accountInputs(account: SampleAccount, span: Span): RecordInput[] {
  const { key: id, name, zone, segment, industry, country, beganOn, handover } = account;
  const owner = handover === null ? account.owner : handover.from;
  const domain = `${id}.example`;
  const begin = {
    name,
    zone,
    owner,
    segment,
    stage: "onboarding",
    domain,
    industry,
    country,
    beganOn: dayText(beganOn),
  };
  const changes = [
    { at: beganOn, set: begin },
    ...(account.story?.story === "stuck in onboarding"
      ? []
      : [{ at: beganOn + onboardingDays, set: { stage: "live" } }]),
    // An hour of its own: going live and a handover may fall on one day, and each is a change.
    ...(handover === null ? [] : [{ at: Math.max(beganOn + 1, handover.day) + 1 / 24, set: { owner: account.owner } }]),
  ];
  return changes
    .filter(({ at }) => isWithin(Math.floor(at), span))
    .map(({ at, set }) => ({ kind: "account", id, at: momentText(at + account.opensAt / 24), set }));
}

/** The people an account is known by, and the day on which its champion left. */
export function contactInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  const random = openRandom(seed, contactPurpose, account.index);
  const leaves = account.story?.championLeaves;
  const changes = contactRoles
    .slice(0, account.segment === "smb" ? 2 : 4)
    .flatMap((role) =>
      contactChanges(account, role, invent(random), leaves === undefined ? null : span.firstDay + leaves),
    );
  return changes.filter(({ day }) => isWithin(day, span)).map(({ input }) => input);
}

const contactRoles = [
  { role: "primary", title: "Head of Operations" },
  { role: "champion", title: "Head of Data" },
  { role: "billing", title: "Accounts Payable" },
  { role: "user", title: "Analyst" },
] as const;

type ContactRole = (typeof contactRoles)[number];

function contactChanges(account: SampleAccount, { role, title }: ContactRole, person: Person, leavesOn: Day | null) {
  const id = `${account.key}-${role}`;
  const change = (day: Day, set: Extract<RecordInput, { kind: "contact" }>["set"]) => {
    const at = momentText(day + (account.opensAt + 1) / 24);
    return { day, input: { kind: "contact" as const, id, account: account.key, at, set } };
  };
  const email = `${person.given}.${person.family}`.toLowerCase();
  const known = { name: `${person.given} ${person.family}`, email: `${email}@${account.key}.example`, title, role };
  const came = change(account.beganOn, known);
  if (role !== "champion" || leavesOn === null) return [came];
  return [came, change(leavesOn, { leftOn: dayText(leavesOn) })];
}

interface Person {
  readonly given: string;
  readonly family: string;
}

function invent(random: Random): Person {
  return { given: random.pick(givenNames), family: random.pick(familyNames) };
}

/** Calls, mails and meetings of the owners: the bigger the account, the more of them. */
export function touchpointInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  const inputs: RecordInput[] = [];
  for (let day = firstDayOf(span, account.beganOn, 0); day <= span.to; day += 1) {
    const random = openRandom(seed, touchpointPurpose, account.index, day);
    if (isWeekend(day) || account.owner === null || !random.chance(touchpointsPerDay[account.segment])) continue;
    const handed = account.handover !== null && day < account.handover.day;
    const by = handed ? account.handover.from : account.owner;
    const type = random.pick(["call", "email", "email", "meeting"] as const);
    const at = momentText(day + Math.min(23.8, account.opensAt + random.between(1, 8)) / 24);
    const id = `touch-${account.key}-${day}`;
    inputs.push({ kind: "touchpoint", id, account: account.key, at, set: { type, by, note: touchpointNotes[type] } });
  }
  return inputs;
}

const touchpointsPerDay = { smb: 0.008, mid: 0.025, enterprise: 0.07 } as const;

const touchpointNotes = {
  call: "Checked in by phone",
  email: "Sent what is new this month",
  meeting: "Went through the last quarter together",
} as const;
