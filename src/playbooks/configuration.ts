import type { Scorer } from "../scoring/account-score.ts";
import type { ChannelConfig } from "./channels.ts";
import type { Owners } from "./owners.ts";
import type { CompiledPlaybook } from "./playbook.ts";

/** The live documents, compiled: everything that decides, and who is to be told. */
export interface Configuration {
  /** Changes whenever a live document changes. */
  readonly revisionKey: string;
  readonly companyName: string;
  readonly scorer: Scorer;
  readonly owners: Owners;
  readonly channels: readonly ChannelConfig[];
  readonly playbooks: readonly CompiledPlaybook[];
}
