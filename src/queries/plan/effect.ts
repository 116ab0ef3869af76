import { z } from "zod";
import type { ChangePlan } from "./change.ts";

const move = z.strictObject({ from: z.string().nullable(), to: z.string().nullable(), accounts: z.int() });

/** What of a plan somebody decides by: as long as it is the same, so is what they agreed to. */
export const effectSchema = z.strictObject({
  bands: z.array(move),
  stages: z.array(move),
  playbooks: z.array(
    z.strictObject({
      id: z.string(),
      in: z.int(),
      out: z.int(),
      begins: z.int(),
      waits: z.int(),
      runsEnded: z.int(),
    }),
  ),
});
export type Effect = z.infer<typeof effectSchema>;

/** The effect of a plan, whatever the order in which it came about. */
export function effectOf({ portfolio, playbooks }: ChangePlan): Effect {
  return {
    bands: portfolio.bands.map(({ from, to, accounts }) => ({ from, to, accounts })).sort(byEnds),
    stages: portfolio.stages.map(({ from, to, accounts }) => ({ from, to, accounts })).sort(byEnds),
    playbooks: playbooks.map(({ id, in: comes, out, begins, waits, runsEnded }) => ({
      ...{ id, in: comes, out, begins, waits, runsEnded },
    })),
  };
}

/** What would come about now and was not shown, in words; empty where it is the same. */
export function effectDrift(planned: Effect, present: Effect): readonly string[] {
  return [
    ...movesDrift("band", planned.bands, present.bands),
    ...movesDrift("stage", planned.stages, present.stages),
    ...playbooksDrift(planned.playbooks, present.playbooks),
  ];
}

type Move = z.infer<typeof move>;

function movesDrift(what: string, planned: readonly Move[], present: readonly Move[]): readonly string[] {
  const [was, is] = [countsOf(planned), countsOf(present)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((ends) => {
    const [before, after] = [was.get(ends) ?? 0, is.get(ends) ?? 0];
    return before === after ? [] : [`${accounts(after)} would move from ${what} ${ends}, ${before} when planned`];
  });
}

function countsOf(moves: readonly Move[]): ReadonlyMap<string, number> {
  return new Map(moves.map(({ from, to, accounts: count }) => [`${from ?? "unknown"} to ${to ?? "unknown"}`, count]));
}

const none = { in: 0, out: 0, begins: 0, waits: 0, runsEnded: 0 };

function playbooksDrift(planned: Effect["playbooks"], present: Effect["playbooks"]): readonly string[] {
  const ids = [...new Set([...planned, ...present].map(({ id }) => id))];
  return ids.flatMap((id) => {
    const was = planned.find((one) => one.id === id) ?? none;
    const is = present.find((one) => one.id === id) ?? none;
    const words = [
      [`${accounts(is.in)} would come into ${id}`, is.in, was.in],
      [`${accounts(is.out)} would leave ${id}`, is.out, was.out],
      [`${count(is.begins, "run")} of ${id} would begin`, is.begins, was.begins],
      [`${accounts(is.waits)} would wait for ${id}`, is.waits, was.waits],
      [`${count(is.runsEnded, "run")} of ${id} would end`, is.runsEnded, was.runsEnded],
    ] as const;
    return words.flatMap(([text, after, before]) => (after === before ? [] : [`${text}, ${before} when planned`]));
  });
}

function accounts(number: number): string {
  return count(number, "account");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function byEnds(one: Move, other: Move): number {
  const [left, right] = [one, other].map(({ from, to }) => JSON.stringify([from, to]));
  return (left ?? "") < (right ?? "") ? -1 : 1;
}
