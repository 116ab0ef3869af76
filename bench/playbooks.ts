import { compilePlaybook } from "../src/playbooks/compile.ts";
import type { CompiledPlaybook } from "../src/playbooks/playbook.ts";
import type { TriggerState } from "../src/playbooks/trigger/state.ts";
import { judgeTrigger } from "../src/playbooks/trigger.ts";
import { judgeConditions } from "../src/playbooks/truths.ts";
import type { Facts } from "../src/scoring/facts.ts";
import { accountFacts, conditionDocument, dayLater, type Leaf, lehmer, measurePeer, treeOf } from "./conditions.ts";
import { type BenchResult, seconds } from "./result.ts";

const playbookCount = 100;
/** The peer needs seconds for this many; its time is scaled up to all accounts. */
const peerAccountCount = 100;
const chunk = 2_000;
const start = Date.UTC(2026, 4, 1);
const day = 86_400_000;

/**
 * 100 playbooks judged for each account a second time, a day after the first, with three of 14 facts moved: audience and trigger of 5 leaves each, through the state machine, with
 * the reasons of what changes. The peer only answers the conditions, of which it is given the same 200.
 */
export async function benchPlaybooks(accountCount: number): Promise<BenchResult> {
  const random = lehmer(20_260_501);
  const leaves = Array.from({ length: 2 * playbookCount }, (_, index) => conditionDocument(index, random));
  const playbooks = compileAll(leaves);
  const truthsOf = judgeConditions(playbooks);
  let ours = 0;
  let fires = 0;
  for (let done = 0; done < accountCount; done += chunk) {
    const accounts = Array.from({ length: Math.min(chunk, accountCount - done) }, () => {
      const before = accountFacts(random);
      return { before, after: dayLater(before, random) };
    });
    const states = accounts.map(({ before }) => judgeAccount(playbooks, truthsOf, before, null, start).states);
    const startedAt = performance.now();
    accounts.forEach(({ after }, index) => {
      fires += judgeAccount(playbooks, truthsOf, after, states[index] ?? null, start + day).fires;
    });
    ours += performance.now() - startedAt;
  }
  if (fires === 0) throw new Error("no playbook fired: nothing was measured");
  const sample = Array.from({ length: peerAccountCount }, () => accountFacts(random));
  const peer = ((await measurePeer(leaves, sample)) * accountCount) / peerAccountCount;
  return {
    name: `${playbookCount} playbooks × ${accountCount} accounts, judged once`,
    ours: `${seconds(ours)}, ${((1000 * ours) / (playbookCount * accountCount)).toFixed(2)} µs each`,
    against: `${seconds(peer)} (json-rules-engine, conditions only)`,
    ratio: `${(peer / ours).toFixed(0)}× faster`,
    target: "",
    isMet: true,
    note: `${fires} runs would begin; the peer measured on ${peerAccountCount} accounts and scaled`,
  };
}

function judgeAccount(
  playbooks: readonly CompiledPlaybook[],
  truthsOf: ReturnType<typeof judgeConditions>,
  facts: Facts,
  before: readonly TriggerState[] | null,
  now: number,
): { readonly states: readonly TriggerState[]; readonly fires: number } {
  const truthOf = truthsOf(facts);
  const decisions = playbooks.map((playbook, index) =>
    judgeTrigger(playbook, before?.[index] ?? null, facts, { now, firstSeen: false, truthOf, isTerse: true }),
  );
  return { states: decisions.map(({ state }) => state), fires: decisions.filter(({ fire }) => fire !== null).length };
}

function compileAll(leaves: readonly (readonly Leaf[])[]): readonly CompiledPlaybook[] {
  return Array.from({ length: playbookCount }, (_, index) => {
    const document = {
      id: `playbook-${index}`,
      name: `Playbook ${index}`,
      enabled: true,
      audience: treeOf(leaves[2 * index] ?? []),
      trigger: { on: "threshold", when: treeOf(leaves[2 * index + 1] ?? []) },
      steps: [{ id: "tell", do: "slack", to: "alerts", text: "{{ account.name }}" }],
    };
    const context = {
      revision: 1,
      bands: ["alpha", "beta", "gamma", "delta"],
      channels: [{ id: "alerts", kind: "slack" as const }],
      owners: [],
      sinks: [],
    };
    const compiled = compilePlaybook(document, context);
    if ("faults" in compiled) throw new Error(compiled.faults[0]?.message);
    return compiled.playbook;
  });
}
