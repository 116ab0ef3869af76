import { randomUUID } from "node:crypto";
import type { RecordInput } from "../scoring/records.ts";
import { writeAudit } from "../store/audit.ts";
import { type HandRecord, type HeldAccount, holdAccount, readHandRecord, writeByHand } from "../store/by-hand.ts";
import type { Tx } from "../store/db.ts";
import {
  auditRow,
  type Deed,
  endOf,
  type Hand,
  type HandOutcome,
  type HandRefusal,
  momentOf,
  unknownWord,
} from "./by-hand/hand.ts";
import type {
  EndWish,
  MilestoneWish,
  NoteWish,
  OverrideWish,
  PulseWish,
  SnoozeWish,
  StageWish,
  TouchpointWish,
} from "./by-hand/wishes.ts";

// What people say about an account, through whichever door: each deed is a record like any other, and a row of the audit.

/** An account, as the door has found it. */
export interface Named {
  readonly accountId: number;
}

/** Keeps how the CSM feels about the account. */
export async function addPulse(tx: Tx, named: Named, wish: PulseWish, hand: Hand, now: Date): Promise<Answer> {
  const { score, note = null } = wish;
  const make = (account: HeldAccount, at: string): RecordInput => ({
    ...{ kind: "pulse", id: randomUUID(), account: account.key, at },
    set: { score, note, by: hand.author },
  });
  return addRecord(tx, named, { deed: "pulse.add", at: wish.at, make, data: { score } }, hand, now);
}

/** Keeps something worth remembering about the account. */
export async function addNote(tx: Tx, named: Named, wish: NoteWish, hand: Hand, now: Date): Promise<Answer> {
  const make = (account: HeldAccount, at: string): RecordInput => ({
    ...{ kind: "note", id: randomUUID(), account: account.key, at },
    set: { text: wish.text, by: hand.author },
  });
  return addRecord(tx, named, { deed: "note.add", at: wish.at, make, data: {} }, hand, now);
}

/** Keeps a talk with the customer. */
export async function addTouchpoint(
  tx: Tx,
  named: Named,
  wish: TouchpointWish,
  hand: Hand,
  now: Date,
): Promise<Answer> {
  const { type, note = null } = wish;
  const make = (account: HeldAccount, at: string): RecordInput => ({
    ...{ kind: "touchpoint", id: randomUUID(), account: account.key, at },
    set: { type, note, by: hand.author },
  });
  return addRecord(tx, named, { deed: "touchpoint.add", at: wish.at, make, data: { type } }, hand, now);
}

/** Shows people another score or band than the computed one, until its end. One that was set before is replaced. */
export async function setOverride(tx: Tx, named: Named, wish: OverrideWish, hand: Hand, now: Date): Promise<Answer> {
  const stray = wish.band === undefined ? null : unknownWord("band", wish.band, hand.words.bands);
  if (stray !== null) return stray;
  const account = await holdAccount(tx, named.accountId);
  const end = endOf(wish.until, account.zone ?? hand.words.zone, now);
  if (!(end instanceof Date)) return end;
  const said = { score: wish.score ?? null, band: wish.band ?? null, until: end.toISOString(), reason: wish.reason };
  const id = overrideId(account);
  const input: RecordInput = {
    ...{ kind: "override", id, account: account.key, at: now.toISOString() },
    set: { ...said, by: hand.author },
  };
  return keep(tx, account, { deed: "override.set", id, at: now, inputs: [input], data: said }, hand, now);
}

/** Gives people the computed score and band again. */
export async function clearOverride(tx: Tx, named: Named, wish: EndWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const id = overrideId(account);
  const { score, band, until } = (await readHandRecord(tx, "override", id))?.fields ?? {};
  if ((score == null && band == null) || isPast(until, now)) return missing(account, "override");
  const { reason = "" } = wish;
  const input: RecordInput = {
    ...{ kind: "override", id, account: account.key, at: now.toISOString() },
    set: { score: null, band: null, until: null, reason, by: hand.author },
  };
  return keep(tx, account, { deed: "override.clear", id, at: now, inputs: [input], data: { reason } }, hand, now);
}

/** Sets the stage of an account, whatever the CRM and the rules say. */
export async function setStage(tx: Tx, named: Named, wish: StageWish, hand: Hand, now: Date): Promise<Answer> {
  const stray = unknownWord("stage", wish.stage, hand.words.stages);
  if (stray !== null) return stray;
  const account = await holdAccount(tx, named.accountId);
  const at = momentOf(wish.at, account.zone ?? hand.words.zone, now);
  if (!(at instanceof Date)) return at;
  const id = `${account.key}/stage`;
  const newest = (await readHandRecord(tx, "stage", id))?.moments.at(-1);
  if (newest !== undefined && at < newest) {
    return { kind: "conflict", reason: `The stage was set by hand as of ${newest.toISOString()} already` };
  }
  const { stage, reason = null } = wish;
  const input: RecordInput = {
    ...{ kind: "stage", id, account: account.key, at: at.toISOString() },
    set: { stage, reason, by: hand.author },
  };
  return keep(tx, account, { deed: "stage.set", id, at, inputs: [input], data: { stage, reason } }, hand, now);
}

/** Gives the choice of the stage back to the CRM and the rules. */
export async function clearStage(tx: Tx, named: Named, wish: EndWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const id = `${account.key}/stage`;
  const { stage } = (await readHandRecord(tx, "stage", id))?.fields ?? {};
  if (stage == null) return missing(account, "stage set by hand");
  const { reason = null } = wish;
  const input: RecordInput = {
    ...{ kind: "stage", id, account: account.key, at: now.toISOString() },
    set: { stage: null, reason, by: hand.author },
  };
  return keep(tx, account, { deed: "stage.clear", id, at: now, inputs: [input], data: { reason } }, hand, now);
}

/** Keeps playbooks from beginning runs for the account, until its end. */
export async function setSnooze(tx: Tx, named: Named, wish: SnoozeWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const end = endOf(wish.until, account.zone ?? hand.words.zone, now);
  if (!(end instanceof Date)) return end;
  const said = { until: end.toISOString(), reason: wish.reason };
  const id = `${account.key}/snooze`;
  const input: RecordInput = {
    ...{ kind: "snooze", id, account: account.key, at: now.toISOString() },
    set: { ...said, by: hand.author },
  };
  return keep(tx, account, { deed: "snooze.set", id, at: now, inputs: [input], data: said }, hand, now);
}

/** Lets playbooks begin runs for the account again. */
export async function clearSnooze(tx: Tx, named: Named, wish: EndWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const id = `${account.key}/snooze`;
  const { until } = (await readHandRecord(tx, "snooze", id))?.fields ?? {};
  if (until == null || isPast(until, now)) return missing(account, "snooze");
  const { reason = null } = wish;
  const input: RecordInput = {
    ...{ kind: "snooze", id, account: account.key, at: now.toISOString() },
    set: { until: null, reason, by: hand.author },
  };
  return keep(tx, account, { deed: "snooze.clear", id, at: now, inputs: [input], data: { reason } }, hand, now);
}

/** Says that a milestone was reached. */
export async function reachMilestone(
  tx: Tx,
  named: Named,
  milestone: string,
  wish: MilestoneWish,
  hand: Hand,
  now: Date,
): Promise<Answer> {
  const stray = unknownWord("milestone", milestone, hand.words.milestones);
  if (stray !== null) return stray;
  const account = await holdAccount(tx, named.accountId);
  const at = momentOf(wish.at, account.zone ?? hand.words.zone, now);
  if (!(at instanceof Date)) return at;
  const id = milestoneId(account, milestone);
  const known = await readHandRecord(tx, "milestone", id);
  // What was said of later moments, that it was not reached after all, is overtaken by this.
  const later = (known?.moments ?? []).filter((moment) => moment > at);
  const { note = null } = wish;
  const inputs = [at, ...later].map(
    (moment): RecordInput => ({
      ...{ kind: "milestone", id, account: account.key, at: moment.toISOString() },
      set: { milestone, reached: true, note, by: hand.author },
    }),
  );
  return keep(tx, account, { deed: "milestone.reach", id, at, inputs, data: { milestone } }, hand, now);
}

/** Takes back that a milestone was reached: a slip of the hand, so that it never was. */
export async function takeBackMilestone(
  tx: Tx,
  named: Named,
  milestone: string,
  wish: EndWish,
  hand: Hand,
  now: Date,
): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const id = milestoneId(account, milestone);
  const known = await readHandRecord(tx, "milestone", id);
  if (known === null || known.fields["reached"] !== true) return missing(account, `milestone "${milestone}" by hand`);
  const { reason = null } = wish;
  const inputs = known.moments.map(
    (moment): RecordInput => ({
      ...{ kind: "milestone", id, account: account.key, at: moment.toISOString() },
      set: { milestone, reached: false, note: reason, by: hand.author },
    }),
  );
  const data = { milestone, reason };
  return keep(tx, account, { deed: "milestone.take-back", id, at: now, inputs, data }, hand, now);
}

type Answer = HandOutcome<Deed>;

/** A deed that makes a record of its own, which nothing before it can contradict. */
interface NewRecord {
  readonly deed: string;
  readonly at: string | undefined;
  readonly make: (account: HeldAccount, at: string) => RecordInput;
  readonly data: Readonly<Record<string, unknown>>;
}

async function addRecord(tx: Tx, named: Named, made: NewRecord, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const at = momentOf(made.at, account.zone ?? hand.words.zone, now);
  if (!(at instanceof Date)) return at;
  const input = made.make(account, at.toISOString());
  return keep(tx, account, { deed: made.deed, id: input.id, at, inputs: [input], data: made.data }, hand, now);
}

/** Records to be kept, and what the audit says of them. */
interface Kept {
  readonly deed: string;
  /** The record's. */
  readonly id: string;
  readonly at: Date;
  readonly inputs: readonly RecordInput[];
  readonly data: Readonly<Record<string, unknown>>;
}

async function keep(tx: Tx, account: HeldAccount, kept: Kept, hand: Hand, now: Date): Promise<Answer> {
  const { deed, id, at } = kept;
  const fault = await writeByHand(tx, kept.inputs, now);
  if (fault !== null) return { kind: "refused", reason: fault };
  const data = { ...kept.data, at: at.toISOString() };
  await writeAudit(tx, [auditRow(hand, { deed, accountId: account.accountId, subject: id, data })], now);
  return { kind: "done", done: { deed, account: account.key, subject: id, at: at.toISOString() } };
}

function missing(account: HeldAccount, what: string): HandRefusal {
  return { kind: "missing", reason: `The account ${account.key} has no ${what}` };
}

function overrideId(account: HeldAccount): string {
  return `${account.key}/override`;
}

/** A milestone's id may hold a slash, and so may a key: no two pairs of them make the same id. */
function milestoneId(account: HeldAccount, milestone: string): string {
  return `${account.key}/milestone/${encodeURIComponent(milestone)}`;
}

/** A record that ends by itself has an `until` in ISO 8601. */
function isPast(until: HandRecord["fields"][string], now: Date): boolean {
  return typeof until === "string" && Date.parse(until) <= now.getTime();
}
