import { z } from "zod";
import { brakeOf, stormOf, stormWords } from "../../playbooks/guards/storm-brake.ts";
import type { HouseGuards } from "../../playbooks/guards-document.ts";
import type { TouchedPlaybook } from "./touched-playbooks.ts";

/** What becomes of an account that comes to match: a run begins at once, it waits, or it is taken as it is. */
const fateSchema = z.enum(["begins", "waits", "silent"]);
export type Fate = z.infer<typeof fateSchema>;

const moveSchema = z.strictObject({
  account: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  mrr: z.number().nullable(),
  /** Null of one that goes out. */
  fate: fateSchema.nullable(),
  reason: z.string(),
});
export type PlaybookMove = z.infer<typeof moveSchema>;

/** Whom a playbook would gain and lose. */
export const playbookPlanSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** `facts`: only what it looks at moves. */
  change: z.enum(["added", "removed", "enabled", "disabled", "edited", "facts"]),
  /** It waits for records or times, so that nobody can say for whom. */
  waitsForEvents: z.boolean(),
  in: z.int(),
  out: z.int(),
  /** Of those that come in. */
  begins: z.int(),
  waits: z.int(),
  silent: z.int(),
  /** Runs under way that end, because the playbook goes. */
  runsEnded: z.int(),
  /** In words, where its storm brake would stop so many runs and ask; else null. */
  brake: z.string().nullable(),
  /** The first by revenue. */
  comesIn: z.array(moveSchema),
  goesOut: z.array(moveSchema),
});
export type PlaybookPlan = z.infer<typeof playbookPlanSchema>;

/** Counts the accounts that come to match one playbook, and those that no longer do. */
export class PlaybookTally {
  readonly touched: TouchedPlaybook;
  readonly #listed: number;
  readonly #counts = { in: 0, out: 0, begins: 0, waits: 0, silent: 0, runsEnded: 0 };
  #audience = 0;
  #comesIn: PlaybookMove[] = [];
  #goesOut: PlaybookMove[] = [];

  readonly #house: HouseGuards;

  constructor(touched: TouchedPlaybook, listed: number, house: HouseGuards) {
    this.touched = touched;
    this.#listed = listed;
    this.#house = house;
  }

  /** One more account in the audience that the playbook is to have. */
  reach(): void {
    this.#audience += 1;
  }

  comeIn(move: PlaybookMove & { readonly fate: Fate }): void {
    this.#counts.in += 1;
    this.#counts[move.fate] += 1;
    this.#comesIn = this.#keep(this.#comesIn, move);
  }

  goOut(move: PlaybookMove): void {
    this.#counts.out += 1;
    this.#goesOut = this.#keep(this.#goesOut, move);
  }

  endRun(): void {
    this.#counts.runsEnded += 1;
  }

  plan(): PlaybookPlan {
    const { id, name, change, before, after } = this.touched;
    const waitsForEvents = (after ?? before)?.trigger.awaits != null;
    const [comesIn, goesOut] = [this.#comesIn, this.#goesOut].map((moves) => this.#first(moves));
    return {
      id,
      name,
      change,
      waitsForEvents,
      ...this.#counts,
      brake: this.#brake(),
      comesIn: comesIn ?? [],
      goesOut: goesOut ?? [],
    };
  }

  /** Of a playbook that was not edited only those are looked at whose facts move: its audience is not known. */
  #brake(): string | null {
    const { after, change } = this.touched;
    const brake = after === null || change === "facts" ? null : brakeOf(after, this.#house);
    const storm = brake && stormOf(brake, { begun: 0, audience: this.#audience, brake: null }, this.#counts.begins);
    return brake && storm && stormWords(brake, storm);
  }

  /** Only what may be listed is kept: all accounts may come in. */
  #keep(moves: PlaybookMove[], move: PlaybookMove): PlaybookMove[] {
    moves.push(move);
    return moves.length < Math.max(200, 4 * this.#listed) ? moves : this.#first(moves);
  }

  #first(moves: readonly PlaybookMove[]): PlaybookMove[] {
    return moves.toSorted(byRevenue).slice(0, this.#listed);
  }
}

function byRevenue(one: PlaybookMove, other: PlaybookMove): number {
  return (other.mrr ?? -1) - (one.mrr ?? -1) || (one.account < other.account ? -1 : 1);
}
