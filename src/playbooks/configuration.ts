import type { Scorer } from "../scoring/account-score.ts";
import type { Facts } from "../scoring/facts.ts";
import type { ChannelConfig } from "./channels.ts";
import type { HouseGuards } from "./guards-document.ts";
import type { Owners } from "./owners.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { TruthOf } from "./truths.ts";

/** The live documents, compiled: everything that decides, and who is to be told. */
export interface Configuration {
  /** Changes whenever a live document changes. */
  readonly revisionKey: string;
  readonly companyName: string;
  readonly scorer: Scorer;
  readonly owners: Owners;
  readonly channels: readonly ChannelConfig[];
  /** What keeps all playbooks together from flooding anybody. */
  readonly guards: HouseGuards;
  readonly playbooks: readonly CompiledPlaybook[];
  /** Answers all audiences and triggers for one account at once. */
  readonly judgeConditions: (facts: Facts) => TruthOf;
}
