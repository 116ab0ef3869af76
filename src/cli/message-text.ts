import { z } from "zod";

const emailShape = z.looseObject({
  kind: z.literal("email"),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  replyTo: z.string().nullish(),
});
const slackShape = z.looseObject({ kind: z.literal("slack"), text: z.string(), blocks: z.array(z.unknown()) });
const webhookShape = z.looseObject({ kind: z.literal("webhook"), id: z.string(), body: z.string() });
const taskShape = z.looseObject({
  kind: z.literal("task"),
  title: z.string(),
  body: z.string(),
  assignee: z.string(),
  dueOn: z.string().nullable(),
});
const messageShape = z.discriminatedUnion("kind", [emailShape, slackShape, webhookShape, taskShape]);

/** A stored message as its reader would see it; anything else as JSON. */
export function messageText(message: unknown): string {
  const parsed = messageShape.safeParse(message);
  if (!parsed.success) return JSON.stringify(message, null, 2);
  switch (parsed.data.kind) {
    case "email":
      return emailText(parsed.data);
    case "slack":
      return slackText(parsed.data);
    case "task": {
      const { title, body, assignee, dueOn } = parsed.data;
      const head = `${title}\nfor ${assignee}${dueOn === null ? "" : `, due on ${dueOn}`}`;
      return body === "" ? head : `${head}\n\n${body}`;
    }
    case "webhook":
      return `webhook-id: ${parsed.data.id}\n\n${prettyJson(parsed.data.body)}`;
  }
}

function emailText({ to, subject, text, replyTo }: z.infer<typeof emailShape>): string {
  const head = [`To: ${to}`, ...(replyTo == null ? [] : [`Reply-To: ${replyTo}`]), `Subject: ${subject}`];
  return `${head.join("\n")}\n\n${text.trimEnd()}`;
}

/** The blocks hold what people read; the fallback text stands in where they hold no text. */
function slackText({ text, blocks }: z.infer<typeof slackShape>): string {
  const paragraphs = blocks.map((block) => textsIn(block, 0).join("  ")).filter((paragraph) => paragraph !== "");
  return unescapeSlack(paragraphs.length === 0 ? text : paragraphs.join("\n\n"));
}

/** Every text of a block, in order: sections, fields, context elements, buttons with their address. */
function textsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value !== "object" || value === null || depth > 6) return [];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, depth + 1));
  if ("text" in value && typeof value.text === "string") return [value.text];
  const address = "url" in value && typeof value.url === "string" ? [`<${value.url}>`] : [];
  const inner = ["text", "fields", "elements"].flatMap((key) => textsIn(Reflect.get(value, key), depth + 1));
  return [...inner, ...address];
}

function unescapeSlack(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
