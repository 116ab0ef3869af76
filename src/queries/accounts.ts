import { z } from "zod";
import { type AccountFilter, type AccountListRow, listAccounts } from "../store/account-list.ts";
import type { Db } from "../store/db.ts";

/** One account of a list, as `accounts --json` and `GET /api/v1/accounts` show it. */
export const listedAccountSchema = z.strictObject({
  account: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  segment: z.string().nullable(),
  stage: z.string().nullable(),
  /** The local day of the newest score. */
  day: z.string().nullable(),
  score: z.number().nullable(),
  /** Points since a week before; null where one of the two is unknown. */
  weekChange: z.number().nullable(),
  band: z.string().nullable(),
  coverage: z.number().nullable(),
  /** The measure (or cap) that costs the most points. */
  mainDriver: z.string().nullable(),
  /** Playbooks in an episode that they fired for. */
  fired: z.array(z.string()),
});
export type ListedAccount = z.infer<typeof listedAccountSchema>;

/** Lists accounts with their newest score, what it lost most points to, and what fired. */
export async function listScoredAccounts(db: Db, filter: AccountFilter): Promise<ListedAccount[]> {
  return (await listAccounts(db, filter)).map(toListed);
}

function toListed(row: AccountListRow): ListedAccount {
  const { score, weekAgo } = row;
  return {
    account: row.key,
    name: row.name,
    owner: row.owner,
    segment: row.segment,
    stage: row.stage,
    day: row.day,
    score,
    weekChange: score === null || weekAgo === null ? null : Math.round((score - weekAgo) * 10) / 10,
    band: row.band,
    coverage: row.coverage === null ? null : Math.round(row.coverage * 1000) / 1000,
    mainDriver: mainDriverOf(row),
    fired: row.firing.filter((one) => !one.baseline).map((one) => one.playbook),
  };
}

/** The driver that loses the most against a full score: its weight times what its points lack, or a cap. */
function mainDriverOf(row: AccountListRow): string | null {
  let most = 0;
  let name: string | null = null;
  for (const driver of row.drivers ?? []) {
    const lost = driver.points === null ? -driver.contribution : driver.weight * 100 - driver.contribution;
    if (lost > most) {
      most = lost;
      name = driver.measure;
    }
  }
  return name;
}
