import type { Command } from "commander";
import { z } from "zod";
import { listedAccountSchema, listScoredAccounts } from "../queries/accounts.ts";
import { parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";
import { printAccounts } from "./portfolio.ts";

/** What `accounts --json` prints. */
const accountsShape = z.strictObject({ accounts: z.array(listedAccountSchema) });

interface AccountsOptions {
  readonly owner?: string;
  readonly band?: string;
  readonly segment?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `accounts`: everyone with score, band and main driver. */
export function registerAccounts(program: Command, context: CliContext): void {
  const accounts = program
    .command("accounts")
    .description("list accounts, the lowest score first")
    .option("--owner <id>", "only this owner's")
    .option("--band <band>", "only this band's; unknown for accounts without a score")
    .option("--segment <segment>", "only this segment's")
    .option("--limit <count>", "how many at most", parseWholeNumber, 1000)
    .addHelpText("after", "\nExample:\n  keepwell accounts --band red");
  offerJson(accounts, accountsShape).action((options: AccountsOptions) => print(context, options));
}

async function print({ out, withDatabase }: CliContext, options: AccountsOptions): Promise<void> {
  const { json, ...filter } = options;
  const accounts = await withDatabase(({ db }) => listScoredAccounts(db, { ...filter, order: "score" }));
  if (json === true) return out.json(accountsShape, { accounts });
  if (accounts.length === 0) return out.line("There are no such accounts.");
  printAccounts(out, accounts);
  if (accounts.every((account) => account.score === null)) {
    out.note("None has a score: keepwell run score scores what is due, keepwell replay past days.");
  }
}
