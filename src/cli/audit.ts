import type { Command } from "commander";
import { auditSchema, toAuditJson } from "../queries/by-hand/audit.ts";
import { listAudit } from "../store/audit.ts";
import { accountOf } from "./account-argument.ts";
import { parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";

interface AuditOptions {
  readonly account?: string;
  readonly author?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `audit`: who did what by hand. */
export function registerAudit(program: Command, context: CliContext): void {
  const audit = program
    .command("audit")
    .description("list what was done by hand, newest first")
    .option("--account <account>", "only what was done to this account")
    .option("--author <name>", "only what this person did")
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell audit --account acme");
  offerJson(audit, auditSchema).action((options: AuditOptions) => printAudit(context, options));
}

async function printAudit({ out, withDatabase }: CliContext, options: AuditOptions): Promise<void> {
  const entries = await withDatabase(async ({ db }) => {
    const account = options.account === undefined ? undefined : (await accountOf(db, options.account)).key;
    return listAudit(db, { ...options, account });
  });
  if (options.json === true) return out.json(auditSchema, { entries: entries.map(toAuditJson) });
  if (entries.length === 0) return out.line("Nothing of that was done by hand.");
  const rows = entries.map((entry) => [
    entry.at.toISOString(),
    ...[entry.author, entry.via, entry.deed, entry.account, entry.subject],
    dataText(entry.data),
  ]);
  out.table({ head: ["when", "who", "through", "what", "account", "thing", "more"], rows });
}

/** What else is known of a deed, without what is empty: `band green, reason They signed`. */
function dataText(data: unknown): string {
  const members = typeof data === "object" && data !== null ? Object.entries(data) : [];
  return members.flatMap(([name, value]) => (value === null || value === "" ? [] : [`${name} ${value}`])).join(", ");
}
