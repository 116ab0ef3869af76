import { type FactValue, factsOf } from "../../src/scoring/facts.ts";
import type { Instant, LifecycleState } from "../../src/scoring/history.ts";
import { compileLifecycle } from "../../src/scoring/lifecycle/compile.ts";
import { judgeLifecycle, type Lifecycle, type LifecycleInput } from "../../src/scoring/lifecycle.ts";
import { accountAsOf, type ChangeOf } from "../../src/scoring/record-state.ts";
import type { FieldsOf, RecordKind } from "../../src/scoring/records.ts";
import { history } from "./build-history.ts";

/** Compiles a document in Vienna, or fails with what is wrong with it. */
export function lifecycleOf(document: object): Lifecycle {
  const compiled = compileLifecycle(document, { revision: 1, zone: "Europe/Vienna" });
  if ("faults" in compiled)
    throw new Error(compiled.faults.map(({ path, message }) => `${path}: ${message}`).join("; "));
  return compiled.lifecycle;
}

/** What is known of an account besides its records. */
export interface Known {
  readonly account?: FieldsOf<"account">;
  readonly changes?: readonly ChangeOf<RecordKind>[];
  readonly facts?: Readonly<Record<string, FactValue>>;
  readonly memory?: LifecycleState | null;
}

/** The input of a judgement at a moment: the account as its records have it then, and facts as given. */
export function inputOf({ account, changes, facts, memory }: Known, now: Instant): LifecycleInput {
  const known = history({ ...(account === undefined ? {} : { account }), changes: changes ?? [] });
  const fields = accountAsOf(known, now);
  const own = factsOf({ key: known.key, ...fields }, new Map(), null);
  for (const [name, value] of Object.entries(facts ?? {})) own.set(name, value);
  return { history: known, account: fields, facts: own, memory: memory ?? null };
}

/** The state of an account at a moment. */
export function stateAt(lifecycle: Lifecycle | null, known: Known, now: Instant): LifecycleState {
  return judgeLifecycle(lifecycle, inputOf(known, now), now).state;
}
