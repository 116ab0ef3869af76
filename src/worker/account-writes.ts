import type { Log } from "../log.ts";
import { type AccountWrite, applyWrite, deferWrite, readDueWrites } from "../store/account-writes.ts";
import type { Db } from "../store/db.ts";

export interface AccountWriteDeps {
  readonly db: Db;
  readonly log: Log;
  /** Who is named in the action log. */
  readonly author: string;
}

const batchSize = 100;
/** What went wrong was nobody's answer: it is looked at again before long, and told each time. */
const retrySeconds = 300;

/**
 * Writes the fields and stages that playbooks set, each in a transaction of its own; answers how many. Respond holds the accounts it judges, and
 * whoever writes records passes their gate first, so it is not done there.
 */
export async function writeDueAccounts(deps: AccountWriteDeps, now: Date): Promise<number> {
  let written = 0;
  for (;;) {
    const writes = await readDueWrites(deps.db, batchSize);
    for (const write of writes) if (await writeOne(deps, write, now)) written += 1;
    if (writes.length < batchSize) return written;
  }
}

async function writeOne({ db, log, author }: AccountWriteDeps, write: AccountWrite, now: Date): Promise<boolean> {
  try {
    const result = await db.transaction().execute((tx) => applyWrite(tx, write, author, now));
    return result.kind === "written";
  } catch (error) {
    log.error({ action: write.actionId, err: error }, "what a playbook sets could not be written");
    await deferWrite(db, write.actionId, retrySeconds);
    return false;
  }
}
