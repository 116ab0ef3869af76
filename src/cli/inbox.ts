import { type Command, Option } from "commander";
import { z } from "zod";
import { readNow } from "../store/db.ts";
import {
  type InboxState,
  type InboxSummary,
  inboxStates,
  listInbox,
  readInboxItem,
  retryInbox,
} from "../store/inbox/list.ts";
import { type Refusals, readRefusals } from "../store/inbox/refusals.ts";
import { notify } from "../store/notify.ts";
import { parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import { type Output, oneLine } from "./output.ts";

const moment = z.iso.datetime();
const summaryShape = z.strictObject({
  id: z.int(),
  source: z.string(),
  state: z.enum(inboxStates),
  /** Null while it waits for its first turn, and when all went well. */
  reason: z.string().nullable(),
  attempts: z.int(),
  receivedAt: moment,
  /** By the sender's clock, where it says. */
  occurredAt: moment.nullable(),
  /** When it is tried next, while it is pending. */
  dueAt: moment,
  settledAt: moment.nullable(),
});

/** What `inbox list --json` prints. */
const listShape = z.strictObject({
  items: z.array(summaryShape),
  /** Deliveries of the last 24 hours that were not kept, by reason. */
  refused: z.array(z.strictObject({ source: z.string(), reason: z.string(), deliveries: z.int(), lastAt: moment })),
});

/** What `inbox show --json` prints. */
const detailShape = summaryShape.extend({ dedupeKey: z.string(), body: z.string() });

/** What `inbox retry --json` prints. */
const retryShape = z.strictObject({ ids: z.array(z.int()) });

interface ListOptions {
  readonly state?: InboxState;
  readonly source?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface RetryOptions {
  readonly failed?: boolean;
  readonly source?: string;
  readonly json?: boolean;
}

/** `inbox list|show|retry`: what webhooks brought, and what was refused. */
export function registerInbox(program: Command, context: CliContext): void {
  const inbox = program.command("inbox").description("list, read and retry what webhooks brought");

  const list = inbox
    .command("list")
    .description("list deliveries, newest first, and what was refused in the last 24 hours")
    .addOption(new Option("--state <state>", "only those in this state").choices(inboxStates))
    .option("--source <id>", "only those of this source")
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell inbox list --state failed");
  offerJson(list, listShape).action((options: ListOptions) => printList(context, options));

  const show = inbox
    .command("show")
    .argument("<id>", "as `inbox list` shows it", parseWholeNumber)
    .description("read one delivery: what came, and what became of it")
    .addHelpText("after", "\nExample:\n  keepwell inbox show 12");
  offerJson(show, detailShape).action((id: number, options: { json?: boolean }) => printItem(context, id, options));

  const retry = inbox
    .command("retry")
    .argument("[ids...]", "as `inbox list` shows them", addNumber, [])
    .option("--failed", "all that have failed")
    .option("--source <id>", "with --failed: only those of this source")
    .description("apply deliveries now that have failed, were ignored, or wait")
    .addHelpText("after", "\nExample:\n  keepwell inbox retry --failed --source billing");
  offerJson(retry, retryShape).action((ids: readonly number[], options: RetryOptions) =>
    retryItems(context, ids, options),
  );
}

function addNumber(text: string, before: readonly number[]): readonly number[] {
  return [...before, parseWholeNumber(text)];
}

const dayMs = 86_400_000;

async function printList({ out, withDatabase }: CliContext, options: ListOptions): Promise<void> {
  const [items, refused] = await withDatabase(async ({ db }) => {
    const since = new Date((await readNow(db)).getTime() - dayMs);
    return [await listInbox(db, options), (await readRefusals(db, since)).filter(isOf(options.source))] as const;
  });
  if (options.json === true) {
    const counts = refused.map((each) => ({ ...each, lastAt: each.lastAt.toISOString() }));
    return out.json(listShape, { items: items.map(toJson), refused: counts });
  }
  if (items.length === 0) out.line("There are no such deliveries.");
  else printItems(out, items);
  printRefusals(out, refused);
}

function isOf(source: string | undefined): (refusals: Refusals) => boolean {
  return (refusals) => source === undefined || refusals.source === source;
}

function printItems(out: Output, items: readonly InboxSummary[]): void {
  out.table({
    head: ["id", "received (UTC)", "source", "state", "tries", "reason"],
    rows: items.map((item) => [
      item.id,
      minuteOf(item.receivedAt),
      item.source,
      paintState(out, item.state),
      item.attempts,
      item.reason,
    ]),
    right: [0, 4],
  });
}

function printRefusals(out: Output, refused: readonly Refusals[]): void {
  if (refused.length === 0) return;
  out.line();
  out.line("Refused in the last 24 hours:");
  out.table({
    head: ["source", "reason", "deliveries", "last (UTC)"],
    rows: refused.map(({ source, reason, deliveries, lastAt }) => [source, reason, deliveries, minuteOf(lastAt)]),
    right: [2],
  });
}

async function printItem({ out, withDatabase }: CliContext, id: number, options: { json?: boolean }): Promise<void> {
  const item = await withDatabase(({ db }) => readInboxItem(db, id));
  if (item === null) throw new UsageError(`There is no delivery ${id}.`);
  const { dedupeKey, body, source, state, reason, attempts } = item;
  if (options.json === true) return out.json(detailShape, { ...toJson(item), dedupeKey, body });
  out.line(out.paint.bold(`Delivery ${id} of ${source}`));
  out.line(`key       ${oneLine(dedupeKey)}`);
  out.line(`received  ${item.receivedAt.toISOString()}`);
  if (item.occurredAt !== null) out.line(`occurred  ${item.occurredAt.toISOString()}`);
  out.line(`state     ${paintState(out, state)}${reason === null ? "" : `: ${oneLine(reason)}`}`);
  out.line(`tries     ${attempts}`);
  if (state === "pending") out.line(`due       ${item.dueAt.toISOString()}`);
  out.line();
  out.line(body);
}

async function retryItems(
  { out, withDatabase }: CliContext,
  ids: readonly number[],
  options: RetryOptions,
): Promise<void> {
  const isAll = options.failed === true;
  if (isAll === ids.length > 0) throw new UsageError("Say which deliveries: their ids, or --failed.");
  if (!isAll && options.source !== undefined) throw new UsageError("--source goes with --failed.");
  const retried = await withDatabase(async ({ db }) => {
    const found = await retryInbox(db, isAll ? { failedOf: options.source ?? null } : { ids });
    await notify(db, "collect");
    return found;
  });
  const missing = ids.filter((id) => !retried.includes(id));
  if (options.json === true) out.json(retryShape, { ids: retried });
  else if (retried.length === 0) out.line("There is nothing to retry.");
  else out.line(`${retried.length === 1 ? "One delivery is" : `${retried.length} deliveries are`} applied again now.`);
  if (missing.length > 0) {
    throw new UsageError(`Not retried, as there is no such delivery or it is done: ${missing.join(", ")}.`);
  }
}

function minuteOf(at: Date): string {
  return at.toISOString().slice(0, 16).replace("T", " ");
}

function paintState(out: Output, state: InboxState): string {
  if (state === "done") return out.paint.green(state);
  return state === "failed" ? out.paint.red(state) : state;
}

function toJson(item: InboxSummary): z.infer<typeof summaryShape> {
  const { id, source, state, reason, attempts } = item;
  return {
    ...{ id, source, state, reason, attempts },
    receivedAt: item.receivedAt.toISOString(),
    occurredAt: item.occurredAt?.toISOString() ?? null,
    dueAt: item.dueAt.toISOString(),
    settledAt: item.settledAt?.toISOString() ?? null,
  };
}
