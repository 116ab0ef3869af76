import type { Configuration } from "../../playbooks/configuration.ts";
import type { GuardKnowledge } from "../../playbooks/guards/knowledge.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { awaitedKinds } from "../../playbooks/trigger/awaited.ts";
import { judgeConditions, type TruthOf } from "../../playbooks/truths.ts";
import { basesOf, type DerivedFact, derivedAmong } from "../../scoring/derived-facts.ts";
import { metricsAmong } from "../../scoring/fact-catalogue.ts";
import type { Facts } from "../../scoring/facts.ts";
import type { StreamCoverage } from "../../scoring/history.ts";
import type { RecordKind } from "../../scoring/records.ts";

/** What every account of a backtest is judged by. */
export interface Judges {
  readonly configuration: Configuration;
  readonly coverage: StreamCoverage;
  /** First the versions of the playbook that is tried, each for itself, then those in force beside it. */
  readonly playbooks: readonly CompiledPlaybook[];
  readonly candidates: number;
  readonly wanted: readonly DerivedFact[];
  /** What playbooks name of the metrics, also by what is derived from them; no others are looked at. */
  readonly metrics: readonly string[];
  readonly guardKnowledge: GuardKnowledge;
  readonly truthsOf: (facts: Facts) => TruthOf;
  /** Kinds of record that playbooks look at themselves: one that arrives is judged at once. */
  readonly kinds: readonly RecordKind[];
}

/** What a person has said of an account, and its own fields, count beside its score. */
const watchedKinds: readonly RecordKind[] = ["account", "override", "snooze"];

/** Puts the versions of a playbook beside those in force. */
export function judgesOf(
  configuration: Configuration,
  coverage: StreamCoverage,
  candidates: readonly CompiledPlaybook[],
): Judges {
  const others = configuration.playbooks.filter(({ id, enabled }) => enabled && id !== candidates[0]?.id);
  const playbooks = [...candidates.map((candidate) => ({ ...candidate, enabled: true })), ...others];
  const named = playbooks.flatMap(({ facts }) => facts);
  return {
    configuration,
    coverage,
    playbooks,
    candidates: candidates.length,
    wanted: derivedAmong(named),
    metrics: metricsAmong(named.flatMap(basesOf)),
    guardKnowledge: {
      house: configuration.guards,
      owners: configuration.owners,
      company: configuration.scorer.company,
      // Nobody is held out.
      salt: "",
      accounts: new Map(),
      storms: new Map(),
      names: new Map(playbooks.map(({ id, name }) => [id, name])),
    },
    truthsOf: judgeConditions(playbooks),
    kinds: [...new Set([...watchedKinds, ...awaitedKinds(playbooks)])],
  };
}
