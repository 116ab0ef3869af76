import { z } from "zod";
import { sinkKinds } from "../../integrations/sources-schema.ts";
import { usageMetricNames } from "../../scoring/metrics/usage.ts";
import type { DataWords } from "../../store/data-words.ts";
import {
  bandIds,
  channelReferences,
  listIn,
  milestoneIds,
  named,
  ownerReferences,
  sinkReferences,
  stageIds,
} from "./references.ts";

/** The names that documents of this company may use: its channels, owners, stages, metrics and so on. */
export interface DeploymentWords {
  readonly channels: Readonly<Record<"slack" | "email" | "webhook", readonly string[]>>;
  readonly owners: readonly string[];
  /** The sources that take tasks, and those that take fields. */
  readonly taskSources: readonly string[];
  readonly fieldSources: readonly string[];
  readonly stages: readonly string[];
  readonly milestones: readonly string[];
  readonly bands: readonly string[];
  readonly playbooks: readonly string[];
  readonly segments: readonly string[];
  /** Facts beside those that every company has: own fields, milestones. */
  readonly facts: readonly string[];
  /** Metrics beside those that every company has: of usage names, and of one's own. */
  readonly metrics: readonly string[];
}

const crm = z.looseObject({ id: z.string(), kind: z.enum(sinkKinds) });

/** The names that documents and data bring, each list in order and each name once. */
export function deploymentWords(
  documents: readonly { readonly kind: string; readonly id: string; readonly body: unknown }[],
  data: DataWords,
): DeploymentWords {
  const of = <Word>(kind: string, read: (body: unknown) => readonly Word[]): readonly Word[] =>
    documents.filter((document) => document.kind === kind).flatMap(({ body }) => read(body));
  const channels = of("channels", channelReferences);
  const channelsOf = (kind: (typeof channels)[number]["kind"]) =>
    sorted(channels.filter((channel) => channel.kind === kind).map(({ id }) => id));
  const milestones = sorted(of("lifecycle", milestoneIds));
  const own = of("metrics", (body) => listIn(body, "metrics", named)).map(({ id }) => `custom.${id}`);
  return {
    channels: { slack: channelsOf("slack"), email: channelsOf("email"), webhook: channelsOf("webhook") },
    owners: sorted(of("owners", ownerReferences).map(({ id }) => id)),
    taskSources: sorted(of("sources", sinkReferences)),
    fieldSources: sorted(of("sources", (body) => listIn(body, "sources", crm)).map(({ id }) => id)),
    stages: sorted(of("lifecycle", stageIds)),
    milestones,
    bands: sorted(of("health-model", bandIds)),
    playbooks: sorted(documents.filter(({ kind }) => kind === "playbook").map(({ id }) => id)),
    segments: sorted(data.segments),
    facts: [
      ...data.fields.map((name) => `account.fields.${name}`),
      ...milestones.flatMap((id) => [`milestone.${id}`, `milestone.${id}.status`, `milestone.${id}.days`]),
    ],
    metrics: [...data.usageNames.flatMap(usageMetricNames), ...sorted(own)],
  };
}

function sorted(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
