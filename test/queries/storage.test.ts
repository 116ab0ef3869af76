import { describe, expect, test as plain } from "vitest";
import { checkStorage, readStorage, type Storage } from "../../src/queries/storage.ts";
import { dataRetentionSchema } from "../../src/scoring/data-retention.ts";
import { maintain } from "../../src/store/retention.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const storage: Storage = {
  accounts: 200,
  bytes: 3_456_000_000,
  bytesPerAccount: 17_280_000,
  tables: [
    { table: "scores", bytes: 2_000_000_000 },
    { table: "usage_daily", bytes: 900_000 },
    { table: "changes", bytes: 512 },
    { table: "tasks", bytes: 100 },
  ],
  biggest: [{ account: "acme", rows: 12 }],
  maintainedAt: new Date("2026-03-09T00:00:00Z"),
  now,
};

describe("an operator is told", () => {
  plain("how large the data is, for each account, and which tables and accounts are the largest", () => {
    expect(checkStorage(storage).map(({ detail }) => detail)).toEqual([
      "3.5 GB, 17 MB for each of 200 accounts; largest: scores 2.0 GB, usage_daily 900 kB, changes 512 bytes",
      "by rows, about: acme 12",
      "last done 2026-03-09T00:00:00.000Z",
    ]);
  });

  plain("when maintenance has stopped", () => {
    const [, , late] = checkStorage({ ...storage, maintainedAt: new Date("2026-03-07T11:00:00Z") });
    expect(late).toMatchObject({ state: "warning", detail: expect.stringContaining("keepwell maintain") });
    expect(checkStorage({ ...storage, maintainedAt: null })[2]).toMatchObject({ state: "ok" });
  });
});

test("what is measured is this database", async ({ db }) => {
  expect(await readStorage(db)).toMatchObject({ accounts: 0, bytesPerAccount: null, biggest: [], maintainedAt: null });
  await take(db, account("acme", "2026-03-09", [1, 2]), now);
  await maintain(db, dataRetentionSchema.parse({}), { isDryRun: false, maxRows: 10 }, now);
  const { accounts, bytes, bytesPerAccount, biggest, maintainedAt } = await readStorage(db);
  expect({ accounts, bytesPerAccount, maintainedAt }).toEqual({
    accounts: 1,
    bytesPerAccount: bytes,
    maintainedAt: now,
  });
  expect(biggest).toEqual([{ account: "acme", rows: 3 }]);
});
