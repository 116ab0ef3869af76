import { type DescriptionContext, describeState } from "../../playbooks/describe.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import type { Facts } from "../../scoring/facts.ts";
import type { TriggerStateRow } from "../../store/playbook-state.ts";
import type { Explanation } from "./explanation.ts";

type PlaybookExplanation = Explanation["playbooks"][number];

/** Why a playbook fired for an account or did not, in a sentence; where it stands, and what its conditions found. Null states: of a day that is past. */
export function explainPlaybook(
  playbook: CompiledPlaybook,
  states: readonly TriggerStateRow[] | null,
  known: Omit<DescriptionContext, "now"> & { readonly facts: Facts },
  now: Date,
): PlaybookExplanation {
  const state = states?.find((one) => one.playbookId === playbook.id) ?? null;
  const { audience, trigger } = playbook;
  return {
    id: playbook.id,
    reason: describeState(playbook, state, known.facts, { ...known, now: now.getTime() }),
    state: playbook.enabled ? (state?.state ?? "inactive") : "disabled",
    since: momentOf(state?.since ?? null),
    dueAt: momentOf(state?.dueAt ?? null),
    guard: state?.guard ?? null,
    conditions: [
      ...conditionsOf("audience", audience, known),
      ...conditionsOf("trigger", trigger.when, known),
      ...conditionsOf("recovery", trigger.recover, known),
    ],
  };
}

function conditionsOf(
  part: PlaybookExplanation["conditions"][number]["part"],
  condition: CompiledPlaybook["audience"],
  { facts, missingReason }: Pick<DescriptionContext, "missingReason"> & { readonly facts: Facts },
): PlaybookExplanation["conditions"] {
  const leaves = condition?.leaves(facts, missingReason) ?? [];
  return leaves.map(({ fact, value, truth, words }) => ({ part, fact, value, truth, words }));
}

function momentOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
