import { z } from "zod";
import type { RecordInput } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { textOf } from "../../record-values.ts";
import { idText, momentOfSeconds, momentOrNone } from "./values.ts";

const ratingSchema = z.looseObject({
  rating: z.number().min(1).max(5).nullish().catch(null),
  remark: z.string().nullish().catch(null),
  /** When it was asked for, and when the answer last changed. */
  created_at: momentOrNone,
  updated_at: momentOrNone,
  contact: z.looseObject({ id: idText }).nullish().catch(null),
});

const statisticsSchema = z.looseObject({
  first_admin_reply_at: momentOrNone,
  last_close_at: momentOrNone,
  count_reopens: z.int().nonnegative().nullish().catch(null),
});

const conversationSchema = z.looseObject({
  id: idText,
  title: z.string().nullish().catch(null),
  created_at: momentOfSeconds,
  updated_at: momentOfSeconds,
  state: z.string().nullish().catch(null),
  priority: z.string().nullish().catch(null),
  source: z
    .looseObject({ delivered_as: z.string().nullish().catch(null), subject: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  first_contact_reply: z.looseObject({ created_at: momentOrNone }).nullish().catch(null),
  statistics: statisticsSchema.nullish().catch(null),
  conversation_rating: ratingSchema.nullish().catch(null),
});

type Conversation = z.infer<typeof conversationSchema>;

/** A conversation and the companies it may be about. */
const rawSchema = z.looseObject({ conversation: z.unknown(), companies: z.array(z.string()) });
export type RawConversation = z.infer<typeof rawSchema>;

/** Whoever snoozes waits for something; what is closed may be opened again, which is our solved. */
const statusOf = { open: "open", snoozed: "pending", closed: "solved" } as const;
const priorityOf = { none: null, low: "low", medium: "normal", high: "high", urgent: "urgent" } as const;
/** Older workspaces know only these two. */
const olderPriorityOf = { priority: "high", not_priority: null } as const;

/**
 * A conversation as a ticket, in the changes that can be told from how it stands now, and its rating as a survey. What we sent and nobody
 * answered is no ticket.
 */
export function mapConversation(raw: unknown): Mapped {
  const whole = rawSchema.safeParse(raw);
  const parsed = conversationSchema.safeParse(whole.data?.conversation);
  if (!parsed.success) return { skipped: "a conversation without an id or a time" };
  const conversation = parsed.data;
  const openedAt = openedAtOf(conversation);
  if (openedAt === null) return { skipped: "an outbound message that nobody answered" };
  const [account, ...others] = whole.data?.companies ?? [];
  if (account === undefined) return { skipped: "a conversation without a company" };
  if (others.length > 0) return { skipped: "a conversation with somebody of several companies" };
  const { id } = conversation;
  return {
    inputs: [...ticketChanges(conversation, account, openedAt), ...surveyChanges(conversation, account)],
    states: [{ kind: "ticket", id, account, at: conversation.updated_at, set: stateOf(conversation) }],
  };
}

/** Null for what we began and nobody has answered yet. */
function openedAtOf({ created_at: createdAt, source, first_contact_reply: reply }: Conversation): string | null {
  const isInbound = (source?.delivered_as ?? "customer_initiated") === "customer_initiated";
  return isInbound ? createdAt : (reply?.created_at ?? null);
}

function ticketChanges(conversation: Conversation, account: string, openedAt: string): RecordInput[] {
  const { id, statistics, state } = conversation;
  const respondedAt = statistics?.first_admin_reply_at ?? null;
  const solvedAt = state === "closed" ? (statistics?.last_close_at ?? null) : null;
  const ticket = { kind: "ticket", id, account } as const;
  return [
    { ...ticket, at: openedAt, set: { status: "open", subject: subjectOf(conversation), openedAt } },
    ...(respondedAt === null ? [] : [{ ...ticket, at: respondedAt, set: { firstRespondedAt: respondedAt } }]),
    ...(solvedAt === null ? [] : [{ ...ticket, at: solvedAt, set: { status: "solved" as const, solvedAt } }]),
  ];
}

function stateOf({ state, priority, statistics, ...conversation }: Conversation) {
  const status = wordIn(statusOf, state);
  const urgency = wordIn({ ...priorityOf, ...olderPriorityOf }, priority);
  const reopens = statistics?.count_reopens ?? null;
  return {
    subject: subjectOf(conversation),
    ...(urgency !== undefined && { priority: urgency }),
    ...(status !== undefined && { status }),
    // One that was opened again is not solved any more.
    ...(status !== undefined && status !== "solved" && { solvedAt: null }),
    ...(reopens !== null && { reopens }),
  };
}

function subjectOf({ title, source }: Pick<Conversation, "title" | "source">): string | null {
  return textOf(title) ?? textOf(plain(source?.subject ?? ""));
}

/** Subjects come as HTML where they were written in the messenger. */
function plain(html: string): string {
  return html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

function surveyChanges({ id, conversation_rating: rating }: Conversation, account: string): RecordInput[] {
  if (rating == null) return [];
  const { created_at: askedAt, updated_at: answeredAt, rating: score } = rating;
  const contact = rating.contact?.id ?? null;
  const survey = { kind: "survey", id, account } as const;
  const asked = askedAt === null ? [] : [{ ...survey, at: askedAt, set: { type: "csat" as const, contact } }];
  const at = answeredAt ?? askedAt;
  if (score == null || at === null) return asked;
  return [...asked, { ...survey, at, set: { type: "csat", score, scale: 5, comment: textOf(rating.remark), contact } }];
}

/** Undefined for a word that we do not know. */
function wordIn<W extends string | null>(
  words: Readonly<Record<string, W>>,
  word: string | null | undefined,
): W | undefined {
  return word != null && Object.hasOwn(words, word) ? words[word] : undefined;
}
