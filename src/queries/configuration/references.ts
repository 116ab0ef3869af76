import { z } from "zod";
import { sinkKinds } from "../../integrations/sources-schema.ts";
import { customerMailSchema } from "../../playbooks/channels.ts";
import type { PlaybookContext } from "../../playbooks/compile.ts";
import { customerSending } from "../../playbooks/mail/customer-sending.ts";

type ChannelReference = PlaybookContext["channels"][number];
type OwnerReference = PlaybookContext["owners"][number];

/** Whatever has an id. */
export const named = z.looseObject({ id: z.string() });
const channel = z.looseObject({
  id: z.string(),
  kind: z.enum(["slack", "email", "webhook"]),
  from: z.string().optional().catch(undefined),
  transport: z.string().optional().catch(undefined),
  customerMail: customerMailSchema.optional().catch(undefined),
});

/** Without `tasks` nothing goes back there. */
const sink = z.looseObject({ id: z.string(), kind: z.enum(sinkKinds), tasks: z.looseObject({}) });

/** Any account of theirs can be written to. */
const fieldSink = z.looseObject({ id: z.string(), kind: z.enum(sinkKinds) });

/** The bands a health model names, as far as it can be read. */
export function bandIds(model: unknown): readonly string[] {
  return listIn(model, "bands", named).map(({ id }) => id);
}

/** The channels a document names, as far as it can be read. */
export function channelReferences(document: unknown): readonly ChannelReference[] {
  return listIn(document, "channels", channel).map(({ id, kind, from, ...mail }) => ({
    ...{ id, kind, from },
    ...(kind === "email" && { customers: customerSending({ id, from, ...mail }) }),
  }));
}

/** The owners a document names, as far as it can be read. */
export function ownerReferences(document: unknown): readonly OwnerReference[] {
  return listIn(document, "owners", named).map(({ id }) => ({ id }));
}

/** The sources a document names that take tasks back, as far as it can be read. */
export function sinkReferences(document: unknown): readonly string[] {
  return listIn(document, "sources", sink).map(({ id }) => id);
}

/** The sources a document names into whose accounts fields can be written, as far as it can be read. */
export function fieldSinkReferences(document: unknown): readonly string[] {
  return listIn(document, "sources", fieldSink).map(({ id }) => id);
}

/** The stages a lifecycle names, as far as it can be read. */
export function stageIds(lifecycle: unknown): readonly string[] {
  return listIn(lifecycle, "stages", named).map(({ id }) => id);
}

/** The milestones a lifecycle names, as far as it can be read. */
export function milestoneIds(lifecycle: unknown): readonly string[] {
  return listIn(lifecycle, "milestones", named).map(({ id }) => id);
}

/** The items of a list of a document that have a shape, whatever else stands in it. */
export function listIn<Item>(document: unknown, key: string, shape: z.ZodType<Item>): Item[] {
  const list = z.looseObject({ [key]: z.array(z.unknown()) }).safeParse(document);
  const items = list.success ? list.data[key] : [];
  return (items ?? []).flatMap((item) => {
    const parsed = shape.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}
