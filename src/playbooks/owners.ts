import { z } from "zod";
import { type Fault, faultAt, faultsOf } from "../scoring/fault.ts";
import type { CompanyFacts, WorkCalendar } from "../scoring/history.ts";
import { daySchema, zoneSchema } from "../scoring/records.ts";
import { workingHoursSchema } from "./guards-document.ts";

const absenceSchema = z.strictObject({
  from: daySchema,
  /** The last day away. */
  to: daySchema,
  /** Who stands in; without one, the fallback does. */
  cover: z.string().optional(),
});

const ownerSchema = z.strictObject({
  /** As accounts name their owner. */
  id: z.string().min(1).max(300),
  name: z.string().min(1).max(300),
  email: z.email(),
  /** A Slack member id: mentions come from here only. */
  slackId: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,30}$/, "expected a Slack member id, such as U012AB3CD")
    .optional(),
  zone: zoneSchema.optional(),
  /** Whose holidays are kept, where they are not the company's: ISO 3166-1, as in `DE`. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'expected two capital letters, such as "DE"')
    .optional(),
  /** Within the country, as in `BY`. */
  region: z.string().min(1).max(20).optional(),
  away: z.array(absenceSchema).optional(),
  /** Where they are not those of guards.json. */
  workingHours: workingHoursSchema.optional(),
  /** The id of the owner to whom tasks for the manager of this one go. */
  manager: z.string().optional(),
});

/** `owners.json`: the people who look after accounts. */
export const ownersSchema = z.strictObject({
  $schema: z.string().optional(),
  owners: z.array(ownerSchema),
  /** Who stands in where an account has no owner, or one that is not listed. */
  fallback: z.string().optional(),
  /** What becomes of the open tasks of an account's owner when the account gets another one. */
  onOwnerChange: z.enum(["move", "keep"]).default("move"),
});

export type Owner = Readonly<z.infer<typeof ownerSchema>>;
export type Owners = Readonly<z.infer<typeof ownersSchema>>;

/** Who acts for an owner on a day. */
export interface OnDuty {
  /** Null when there is nobody. */
  readonly owner: Owner | null;
  /** The one who is away, and until when; null when the owner acts. */
  readonly standsInFor: { readonly owner: Owner; readonly until: string } | null;
}

/** `owners.json` as data, or every fault in it. */
export function parseOwners(document: unknown): { readonly owners: Owners } | { readonly faults: readonly Fault[] } {
  const parsed = ownersSchema.safeParse(document);
  if (!parsed.success) {
    const shapes = [ownersSchema.shape, ownerSchema.shape, absenceSchema.shape, workingHoursSchema.shape];
    return { faults: faultsOf(parsed.error, document, { keys: shapes.flatMap(Object.keys), planned: [] }) };
  }
  const faults = [...doubtfulOwners(parsed.data), ...doubtfulAbsences(parsed.data), ...doubtfulManagers(parsed.data)];
  return faults.length > 0 ? { faults } : { owners: parsed.data };
}

/** The owner of an account by the id it names, else the fallback, else null; present or away. */
export function ownerOf(owners: Owners, id: string | null): Owner | null {
  return listed(owners, id) ?? listed(owners, owners.fallback ?? null);
}

/** Who acts on a day (`YYYY-MM-DD`) for the owner an account names: the owner, who covers for them, or the fallback. */
export function resolveOwner(owners: Owners, id: string | null, day: string): OnDuty {
  const owner = ownerOf(owners, id);
  const absence = owner === null ? null : absenceOn(owner, day);
  if (owner === null || absence === null) return { owner, standsInFor: null };
  const cover = coverOn(owners, owner, day);
  if (cover === null) return { owner, standsInFor: null };
  return { owner: cover, standsInFor: { owner, until: absence.to } };
}

type Absence = NonNullable<Owner["away"]>[number];

function listed(owners: Owners, id: string | null): Owner | null {
  return owners.owners.find((owner) => owner.id === id) ?? null;
}

function absenceOn(owner: Owner, day: string): Absence | null {
  return owner.away?.find(({ from, to }) => from <= day && day <= to) ?? null;
}

/** The working days of an account's owner, also while somebody stands in; the company's where nobody listed owns it. */
export function ownerCalendar(owners: Owners, id: string | null, calendarOf: CompanyFacts["calendarOf"]): WorkCalendar {
  const owner = listed(owners, id);
  return calendarOf(owner?.country ?? null, owner?.region ?? null);
}

/** Follows covers who are away themselves, then the fallback's; null when everybody is away. */
function coverOn(owners: Owners, away: Owner, day: string): Owner | null {
  const passed = new Set<Owner>([away]);
  const fallback = listed(owners, owners.fallback ?? null);
  for (const first of [listed(owners, absenceOn(away, day)?.cover ?? null), fallback]) {
    let next = first;
    while (next !== null && !passed.has(next)) {
      const absence = absenceOn(next, day);
      if (absence === null) return next;
      passed.add(next);
      next = listed(owners, absence.cover ?? null);
    }
  }
  return null;
}

function doubtfulOwners(document: Owners): readonly Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  document.owners.forEach((owner, index) => {
    const at = `owners[${index}]`;
    if (seen.has(owner.id)) faults.push(faultAt(`${at}.id`, owner.id, "this owner is listed twice"));
    seen.add(owner.id);
    if (owner.region !== undefined && owner.country === undefined) {
      faults.push(faultAt(`${at}.region`, owner.region, "a region needs its country beside it"));
    }
  });
  if (document.fallback !== undefined && !seen.has(document.fallback)) {
    faults.push(faultAt("fallback", document.fallback, "expected the id of a listed owner"));
  }
  return faults;
}

function doubtfulAbsences(document: Owners): readonly Fault[] {
  return document.owners.flatMap((owner, index) =>
    (owner.away ?? []).flatMap((absence, position) => {
      const at = `owners[${index}].away[${position}]`;
      const { from, to, cover } = absence;
      const before = owner.away?.slice(0, position).find((other) => other.from <= to && from <= other.to);
      return [
        ...(to < from ? [faultAt(`${at}.to`, to, `is before ${from}, on which the absence begins`)] : []),
        ...(before === undefined ? [] : [faultAt(at, absence, `overlaps the absence from ${before.from}`)]),
        ...(cover === undefined || listed(document, cover) !== null
          ? []
          : [faultAt(`${at}.cover`, cover, "expected the id of a listed owner")]),
        ...coverCycle(document, owner, absence, `${at}.cover`),
      ];
    }),
  );
}

/** Covers that lead back to who is away. All absences of a cycle share a day, so they do on which the last of them begins. */
function coverCycle(document: Owners, owner: Owner, absence: Absence, at: string): readonly Fault[] {
  const path = [owner.id];
  let next = listed(document, absence.cover ?? null);
  while (next !== null && !path.includes(next.id)) {
    path.push(next.id);
    next = listed(document, absenceOn(next, absence.from)?.cover ?? null);
  }
  if (next?.id !== owner.id) return [];
  const words = [...path, owner.id].join(" by ");
  return [faultAt(at, absence.cover, `nobody is left on ${absence.from}: covers go round in a circle, ${words}`)];
}

function doubtfulManagers(document: Owners): readonly Fault[] {
  return document.owners.flatMap((owner, index) => {
    const { manager } = owner;
    const at = `owners[${index}].manager`;
    if (manager === undefined) return [];
    if (listed(document, manager) === null) return [faultAt(at, manager, "expected the id of a listed owner")];
    const path = managersAbove(document, owner);
    if (path.at(-1) !== owner.id) return [];
    return [faultAt(at, manager, `managers go round in a circle, ${[owner.id, ...path].join(" under ")}`)];
  });
}

/** From the owner's own manager upwards; ends with the owner where they go round in a circle. */
function managersAbove(document: Owners, owner: Owner): readonly string[] {
  const path: string[] = [];
  let next = owner.manager;
  while (next !== undefined && !path.includes(next)) {
    path.push(next);
    next = next === owner.id ? undefined : listed(document, next)?.manager;
  }
  return path;
}
