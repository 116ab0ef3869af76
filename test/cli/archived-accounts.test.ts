import { expect } from "vitest";
import { followConfiguration } from "../../src/compose.ts";
import { createSilentLog } from "../../src/log.ts";
import { explanationSchema } from "../../src/queries/explain/explanation.ts";
import { journeySchema } from "../../src/queries/journey.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { applyDeletions } from "../../src/store/identity/deletions.ts";
import { mergeAccounts } from "../../src/store/identity/merge-accounts.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test as base, type DatabaseFixture } from "../support/database.ts";
import { account, configure, cover, playbook, scenarioDocuments, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const now = new Date("2026-03-10T12:00:00Z");
const archivedAt = new Date("2026-03-12T12:00:00Z");
const week = (value: number) => Array.from({ length: 7 }, () => value);

/** The account `old` that was judged while it was there, beside `acme`. */
const test = base.extend<{ run: (...words: string[]) => Promise<string> }>({
  run: async ({ database, db }: DatabaseFixture, use) => {
    const documents = [
      ...scenarioDocuments,
      { kind: "channels", id: "channels", body: { channels: [{ id: "alerts", kind: "slack", transport: "outbox" }] } },
      { kind: "playbook", id: "save", body: playbook() },
    ];
    await db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "anna", note: null, now }));
    for (const key of ["old", "acme"]) await take(db, account(key, "2026-03-09", week(8)), now);
    await cover(db, "2026-03-09", now);
    const deps = { db, configuration: configure([playbook()]), log: createSilentLog() };
    await scoreDue(deps, now);
    await respondDue(deps, now);
    await use(async (...words) => (await keepwell(words, database, { followConfiguration })).stdout);
  },
});

const since = archivedAt.toISOString();

test("an account that nobody knows any more says since when it is archived, and why", async ({ db, run }) => {
  const deletions = [{ kind: "account", id: "old", at: since }] as const;
  await db
    .transaction()
    .execute((tx) => applyDeletions(tx, { source: "test", now: archivedAt, recordedAt: "now", deletions }));
  const archived = { since, reason: "deleted in test", mergedInto: null };
  const said = "\narchived since 2026-03-12: deleted in test\n";
  const explained = await run("explain", "old");
  expect(explained).toContain(said);
  expect(explained).toContain("save  judged no more: the account is archived (since 2026-03-10)\n");
  expect(await run("journey", "old")).toContain(said);
  expect(explanationSchema.parse(JSON.parse(await run("explain", "old", "--json")))).toMatchObject({ archived });
  expect(journeySchema.parse(JSON.parse(await run("journey", "old", "--json")))).toMatchObject({ archived });
});

test("an account that went up in another one leads there by its old key", async ({ db, run }) => {
  const ids = await db.selectFrom("accounts").select(["id", "key"]).execute();
  const idOf = (key: string) => ids.find((one) => one.key === key)?.id ?? 0;
  const merged = { fromId: idOf("old"), intoId: idOf("acme"), reason: "merged in crm" };
  await db.transaction().execute((tx) => mergeAccounts(tx, merged, archivedAt));
  const said = (command: string) =>
    `\narchived since 2026-03-12: merged in crm. It went up in acme: keepwell ${command} acme\n`;
  expect(await run("explain", "old")).toContain(said("explain"));
  expect(await run("journey", "old")).toContain(said("journey"));
  const archived = { since, reason: "merged in crm", mergedInto: "acme" };
  expect(JSON.parse(await run("explain", "old", "--json"))).toMatchObject({ account: "old", archived });
  expect(JSON.parse(await run("journey", "old", "--json"))).toMatchObject({ account: "old", archived });
});

test("an account that is there says nothing of the kind, and each playbook why it did not fire", async ({ run }) => {
  const explained = await run("explain", "acme");
  expect(explained).not.toContain("archived");
  expect(explained).toMatch(/save {2}inactive: /);
  expect(JSON.parse(await run("journey", "acme", "--json"))).toMatchObject({ archived: null });
});
