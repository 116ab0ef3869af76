import type { Command } from "commander";
import { listUnmatchedAccounts, type UnmatchedList, unmatchedSchema } from "../../queries/sources/unmatched.ts";
import { parseWholeNumber } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { offerJson } from "../json-option.ts";
import { oneLine } from "../output.ts";

interface UnmatchedOptions {
  readonly source?: string;
  readonly dismissed?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

/** `sources unmatched`: accounts of sources that nobody could place, with those of ours that may be meant. */
export function registerUnmatched(sources: Command, context: CliContext): void {
  const unmatched = sources
    .command("unmatched")
    .description("list accounts of sources that nobody could place, with those of ours that may be meant")
    .option("--source <id>", "only those of this source")
    .option("--dismissed", "those that are none of ours, instead of the open ones")
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell sources unmatched --source stripe");
  offerJson(unmatched, unmatchedSchema).action((options: UnmatchedOptions) => print(context, options));
}

async function print({ out, withDatabase }: CliContext, options: UnmatchedOptions): Promise<void> {
  const filter = { source: options.source, dismissed: options.dismissed === true, limit: options.limit };
  const list = await withDatabase(({ db }) => listUnmatchedAccounts(db, filter));
  if (options.json === true) return out.json(unmatchedSchema, list);
  if (list.unmatched.length === 0) return out.line("There is nothing that nobody could place.");
  out.table({
    head: ["source", "id", "name", "domains", "why", "waits", "may be"],
    rows: list.unmatched.map((each) => [
      ...[each.source, each.id, each.name, each.domains.join(", "), reasonOf(each), each.waiting, mayBe(each)],
    ]),
    right: [5],
  });
  const [first] = list.unmatched;
  if (first === undefined) return;
  const account = first.suggestions[0]?.account ?? "<account>";
  out.note(
    `To place one: keepwell sources match ${first.source} ${first.id} ${account}, or sources new, or sources dismiss.`,
  );
}

type Unmatched = UnmatchedList["unmatched"][number];

function reasonOf({ reason, dismissedBy }: Unmatched): string {
  return dismissedBy === null ? oneLine(reason) : `none of ours, says ${dismissedBy}`;
}

function mayBe({ suggestions }: Unmatched): string {
  return suggestions.map(({ account, why }) => `${account} (${why})`).join("; ");
}
