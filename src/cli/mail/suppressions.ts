import { type Command, Option } from "commander";
import { z } from "zod";
import {
  liftByHand,
  type SuppressionWish,
  suppressByHand,
  suppressionSchema,
  suppressionWish,
  toSuppressionJson,
} from "../../queries/by-hand/suppressions.ts";
import { listSuppressions, type SuppressionReason, suppressionReasons } from "../../store/mail-suppressions.ts";
import { parseWholeNumber } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { doByHand, type HandOptions, offerAuthor, wishOf } from "../hand.ts";
import { offerJson } from "../json-option.ts";

/** What `mail suppressions list --json` prints. */
const listShape = z.strictObject({ suppressions: z.array(suppressionSchema) });
/** What `mail suppressions add --json` prints. */
const addedShape = z.strictObject({ address: z.string() });

interface ListOptions {
  readonly reason?: SuppressionReason;
  readonly limit: number;
  readonly json?: boolean;
}
type WishOptions = HandOptions & { readonly note?: string };

/** `mail suppressions list|add|remove`: who gets no mail as a customer. */
export function registerSuppressions(mail: Command, context: CliContext): void {
  const group = mail.command("suppressions").description("the addresses that get no mail as customers");
  const list = group
    .command("list", { isDefault: true })
    .description("list them, newest first")
    .addOption(new Option("--reason <reason>", "only those for this reason").choices(suppressionReasons))
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell mail suppressions list --reason complained");
  offerJson(list, listShape).action((options: ListOptions) => printList(context, options));

  const add = group
    .command("add")
    .argument("<address>", "an e-mail address")
    .description("send an address no more mail")
    .option("--note <text>", "why")
    .addHelpText("after", '\nExample:\n  keepwell mail suppressions add kim@example.com --note "asked on the phone"');
  offerJson(offerAuthor(add, context), addedShape).action((address: string, options: WishOptions) =>
    addOne(context, wishOf(suppressionWish, { address, note: options.note }), options),
  );

  const remove = group
    .command("remove")
    .argument("<address>", "as it was put on the list; of an erased person the address, not its hash")
    .description("let an address get mail again: make sure that the person wants it")
    .option("--note <text>", "why")
    .addHelpText("after", '\nExample:\n  keepwell mail suppressions remove kim@example.com --note "new mailbox"');
  offerJson(offerAuthor(remove, context), suppressionSchema).action((address: string, options: WishOptions) =>
    removeOne(context, wishOf(suppressionWish, { address, note: options.note }), options),
  );
}

async function printList({ out, withDatabase }: CliContext, options: ListOptions): Promise<void> {
  const suppressions = await withDatabase(({ db }) => listSuppressions(db, options));
  if (options.json === true) return out.json(listShape, { suppressions: suppressions.map(toSuppressionJson) });
  if (suppressions.length === 0) return out.line("There are no such addresses.");
  const rows = suppressions.map(({ address, reason, detail, at }) => [
    address,
    reason,
    at.toISOString().slice(0, 16).replace("T", " "),
    detail,
  ]);
  out.table({ head: ["address", "reason", "since (UTC)", "detail"], rows });
}

async function addOne(context: CliContext, wish: SuppressionWish, options: WishOptions): Promise<void> {
  const done = await doByHand(context, options, (tx, hand, now) => suppressByHand(tx, wish, hand, now));
  if (options.json === true) return context.out.json(addedShape, done);
  context.out.line(`${done.address} gets no more mail as a customer.`);
}

async function removeOne(context: CliContext, wish: SuppressionWish, options: WishOptions): Promise<void> {
  const lifted = await doByHand(context, options, (tx, hand, now) => liftByHand(tx, wish, hand, now));
  if (options.json === true) return context.out.json(suppressionSchema, toSuppressionJson(lifted));
  const since = lifted.at.toISOString().slice(0, 10);
  context.out.line(`${wish.address} may get mail again. It was on the list since ${since}: ${lifted.reason}.`);
}
