import type { Command } from "commander";
import {
  dismissUnmatched,
  makeAccount,
  matchAccount,
  mergeByHand,
  mergeDeedSchema,
  type PlacingDeed,
  placingDeedSchema,
  unmatchAccount,
} from "../../queries/sources/placing.ts";
import { accountOf } from "../account-argument.ts";
import type { CliContext } from "../context.ts";
import { doByHand, type HandOptions, offerAuthor } from "../hand.ts";
import { offerJson } from "../json-option.ts";

/** `sources match|new|dismiss|unmatch|merge`: which of our accounts sources mean, said by a person. */
export function registerPlacing(sources: Command, context: CliContext): void {
  offer(sources, context, "match", "say which of our accounts a source means, and apply what was held for it")
    .argument("<account>", "the account: its key, a source's id for it, or its name")
    .addHelpText("after", "\nExample:\n  keepwell sources match stripe cus_123 acme")
    .action((source: string, externalId: string, account: string, options: HandOptions) =>
      place(
        context,
        options,
        async (tx, hand, now) => matchAccount(tx, { source, externalId }, await accountOf(tx, account), hand, now),
        (done) => `${done.id} of ${source} is ${done.account}. ${applied(done)}`,
      ),
    );

  offer(sources, context, "new", "make an account of one that nobody could place")
    .option("--key <key>", "our key for it; the source's name and id unless given")
    .addHelpText("after", "\nExample:\n  keepwell sources new hubspot 4711 --key acme")
    .action((source: string, externalId: string, options: HandOptions & { readonly key?: string }) =>
      place(
        context,
        options,
        (tx, hand, now) => makeAccount(tx, { source, externalId }, options.key ?? null, hand, now),
        (done) => `The account ${done.account} is made. ${applied(done)}`,
      ),
    );

  offer(sources, context, "dismiss", "say that an account of a source is none of ours; what it holds is dropped")
    .addHelpText("after", "\nExample:\n  keepwell sources dismiss stripe cus_123")
    .action((source: string, externalId: string, options: HandOptions) =>
      place(
        context,
        options,
        (tx, hand, now) => dismissUnmatched(tx, { source, externalId }, hand, now),
        (done) => `${done.id} of ${source} is none of ours. Dropped of what waited: ${done.inputs}.`,
      ),
    );

  offer(sources, context, "unmatch", "undo which of our accounts a source means: its records wait again")
    .addHelpText("after", "\nExample:\n  keepwell sources unmatch stripe cus_123")
    .action((source: string, externalId: string, options: HandOptions) =>
      place(
        context,
        options,
        (tx, hand, now) => unmatchAccount(tx, { source, externalId }, hand, now),
        (done) =>
          `${done.id} of ${source} is ${done.account} no more. Waiting for a person to place it: ${done.inputs}.`,
      ),
    );

  const merge = sources
    .command("merge")
    .argument("<from>", "the account that goes up in the other one")
    .argument("<into>", "the account that stays")
    .description("let one of our accounts go up in another one, with all that is known of it")
    .addHelpText("after", "\nExample:\n  keepwell sources merge acme-old acme");
  offerJson(offerAuthor(merge, context), mergeDeedSchema).action((from: string, into: string, options: HandOptions) =>
    mergeTwo(context, from, into, options),
  );
}

function offer(sources: Command, context: CliContext, name: string, description: string): Command {
  const command = sources
    .command(name)
    .argument("<source>", "its id in sources.json")
    .argument("<id>", "the source's id for the account")
    .description(description);
  return offerJson(offerAuthor(command, context), placingDeedSchema);
}

async function place(
  context: CliContext,
  options: HandOptions,
  deed: Parameters<typeof doByHand<PlacingDeed>>[2],
  sentence: (done: PlacingDeed) => string,
): Promise<void> {
  const done = await doByHand(context, options, deed);
  if (options.json === true) return context.out.json(placingDeedSchema, done);
  context.out.line(sentence(done));
}

function applied({ inputs }: PlacingDeed): string {
  return `Applied of what waited: ${inputs}.`;
}

async function mergeTwo(context: CliContext, from: string, into: string, options: HandOptions): Promise<void> {
  const done = await doByHand(context, options, async (tx, hand, now) => {
    const meant = { from: (await accountOf(tx, from)).accountId, into: (await accountOf(tx, into)).accountId };
    return mergeByHand(tx, meant, hand, now);
  });
  if (options.json === true) return context.out.json(mergeDeedSchema, done);
  context.out.line(`All that was known of ${done.from} is ${done.into}'s now.`);
}
