import { z } from "zod";
import type { Configuration } from "../../playbooks/configuration.ts";
import type { Owners } from "../../playbooks/owners.ts";
import { parseDay, startOfDay } from "../../scoring/days.ts";
import { suggestion } from "../../scoring/fault.ts";
import type { AuditDoor, AuditRow } from "../../store/audit.ts";

/** Who does a deed, through which door, and what the documents in force know. */
export interface Hand {
  readonly author: string;
  readonly via: AuditDoor;
  readonly words: HandWords;
}

/** What a deed may name. Null: no document says, so that any word will do. */
export interface HandWords {
  /** The company's zone. */
  readonly zone: string;
  readonly owners: Owners | null;
  readonly bands: readonly string[] | null;
  readonly stages: readonly string[] | null;
  readonly milestones: readonly string[] | null;
  /** Ids. */
  readonly playbooks: readonly string[] | null;
}

/** What the documents in force know; null where there are none yet. */
export function handWords(configuration: Configuration | null): HandWords {
  if (configuration === null) {
    return { zone: "Etc/UTC", owners: null, bands: null, stages: null, milestones: null, playbooks: null };
  }
  const { scorer, owners, playbooks } = configuration;
  return {
    zone: scorer.company.zone,
    owners: owners.owners.length === 0 ? null : owners,
    bands: [...new Set(scorer.models.flatMap((model) => model.bands.bands.map((band) => band.id)))],
    stages: scorer.lifecycle === null ? null : scorer.lifecycle.stages.map((stage) => stage.id),
    // A milestone that only a rule or an event may reach is none for a hand.
    milestones:
      scorer.lifecycle === null ? null : scorer.lifecycle.milestones.filter((one) => one.byHand).map((one) => one.id),
    playbooks: playbooks.map(({ id }) => id),
  };
}

/** What a deed on an account came to, as both doors tell it. */
export const deedSchema = z.strictObject({
  /** Such as `override.set`. */
  deed: z.string(),
  /** The account's key. */
  account: z.string(),
  /** The id of the record or thing that holds it now. */
  subject: z.string(),
  /** When it is true from. */
  at: z.iso.datetime(),
});
export type Deed = z.infer<typeof deedSchema>;

/** Why a deed was not done, in words. */
export type HandRefusal =
  /** It cannot be so. */
  | { readonly kind: "refused"; readonly reason: string }
  /** What it is about is not there. */
  | { readonly kind: "missing"; readonly reason: string }
  /** It came too late: the thing is in another state by now. */
  | { readonly kind: "conflict"; readonly reason: string };

export type HandOutcome<Done> = ({ readonly kind: "done" } & { readonly done: Done }) | HandRefusal;

/** Why a deed was not done, as a sentence. */
export function refusalText({ reason }: HandRefusal): string {
  return /[.?]$/.test(reason) ? reason : `${reason}.`;
}

/** A deed's row of the audit. */
export function auditRow(hand: Hand, row: Omit<AuditRow, "author" | "via">): AuditRow {
  return { author: hand.author, via: hand.via, ...row };
}

/** Why a word is none that the documents know, with the nearest that is; null when it will do. */
export function unknownWord(what: string, word: string, known: readonly string[] | null): HandRefusal | null {
  if (known === null || known.includes(word)) return null;
  const near = suggestion(word, known);
  const some = known.slice(0, mostNamed).join(", ");
  const rest = known.length > mostNamed ? ", …" : "";
  const hint = near === "" && known.length > 0 ? `; expected one of ${some}${rest}` : near;
  return { kind: "refused", reason: `There is no ${what} "${word}"${hint}` };
}

const mostNamed = 10;
/** A year typed wrongly would put something off for ever. */
const furthestAheadMs = 10 * 366 * 86_400_000;

/** The moment a wish speaks of: now unless told, and never one to come. A day means its first instant in this zone. */
export function momentOf(at: string | undefined, zone: string, now: Date): Date | HandRefusal {
  if (at === undefined) return now;
  const moment = new Date(instantOf(at, zone));
  if (moment.getTime() > now.getTime()) return { kind: "refused", reason: `${at} is yet to come` };
  return moment;
}

/** The end a wish sets. It lies ahead, by ten years at most. A day means its first instant in this zone. */
export function endOf(until: string, zone: string, now: Date): Date | HandRefusal {
  const end = instantOf(until, zone);
  if (end <= now.getTime()) return { kind: "refused", reason: `${until} is past` };
  if (end > now.getTime() + furthestAheadMs)
    return { kind: "refused", reason: `${until} is more than ten years ahead` };
  return new Date(end);
}

function instantOf(when: string, zone: string): number {
  return /^\d{4}-\d{2}-\d{2}$/.test(when) ? startOfDay(zone, parseDay(when)) : Date.parse(when);
}
