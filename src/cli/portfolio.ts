import { type ListedAccount, listScoredAccounts } from "../queries/accounts.ts";
import { countBands } from "../store/account-list.ts";
import type { Db } from "../store/db.ts";
import type { CliContext } from "./context.ts";
import type { Cell, Output } from "./output.ts";

/** Rows shown beside those that fired. */
const mostRows = 25;
const everyAccount = 100_000;

/** The portfolio at a glance: who fired and who scores worst, and how many stand in each band. */
export async function printPortfolio({ out }: CliContext, db: Db): Promise<void> {
  const accounts = await listScoredAccounts(db, { order: "score", limit: everyAccount });
  const shown = accounts.filter((account, index) => account.fired.length > 0 || index < mostRows);
  printAccounts(out, shown);
  const bands = await countBands(db);
  const counts = bands.map(({ band, accounts: count }) => `${count} ${paintBand(out, band ?? "unknown")}`).join(" · ");
  const rest = accounts.length - shown.length;
  out.line();
  out.line(`${accounts.length} accounts: ${counts}.${rest > 0 ? ` ${rest} more: keepwell accounts.` : ""}`);
  const fired = accounts.filter((account) => account.fired.length > 0).length;
  out.line(`Playbooks have fired for ${fired}. What went out: keepwell actions list. Why: keepwell explain <account>.`);
}

/** Accounts as a table. */
export function printAccounts(out: Output, accounts: readonly ListedAccount[]): void {
  out.table({
    head: ["account", "name", "owner", "score", "", "band", "main driver", "fired"],
    rows: accounts.map((account): Cell[] => [
      account.account,
      account.name,
      account.owner,
      account.score?.toFixed(1) ?? "–",
      arrowOf(account.weekChange),
      paintBand(out, account.band ?? "unknown"),
      account.mainDriver,
      account.fired.join(", "),
    ]),
    right: [3],
  });
}

/** Points that are not worth an arrow. */
const steadyPoints = 1;

/** Where the score has gone within a week. */
function arrowOf(weekChange: number | null): string {
  if (weekChange === null) return " ";
  if (Math.abs(weekChange) < steadyPoints) return "→";
  return weekChange > 0 ? `↑ ${weekChange.toFixed(1)}` : `↓ ${(-weekChange).toFixed(1)}`;
}

/** The names of the shipped bands have their own colours; others stay as they are. */
export function paintBand({ paint }: Output, band: string): string {
  if (band === "red") return paint.red(band);
  if (band === "yellow") return paint.yellow(band);
  if (band === "green") return paint.green(band);
  return band === "unknown" ? paint.dim(band) : band;
}
