import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test as plain } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import type { Input } from "../../src/scoring/records.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { addressesIn, replaceAddresses } from "../../src/store/erasure/addresses.ts";
import { useErasureKey } from "../../src/store/erasure/hasher.ts";
import { namesPattern } from "../../src/store/erasure/names.ts";
import type { PersonName } from "../../src/store/erasure/person.ts";
import { erasableTexts } from "../../src/store/erasure/texts.ts";
import { type Erasure, type ErasureOutcome, erasePerson } from "../../src/store/erasure.ts";
import { applyInputs, type IntakeBatch, type IntakeSummary } from "../../src/store/intake.ts";
import { ensureScorePartitions } from "../../src/store/partitions.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "../worker/scenario.ts";
import { insertRun } from "./action-rows.ts";

const now = new Date("2026-03-10T12:00:00Z");
const person = { email: "anna.lee@acme.example.com", name: "Anna Lee-O'Hara" };
const byEmail: PersonName = { kind: "email", email: person.email };

function apply(db: Db, inputs: readonly Input[], batch: Partial<IntakeBatch> = {}): Promise<IntakeSummary> {
  return db
    .transaction()
    .execute((tx) =>
      applyInputs(tx, { source: "crm", inputs, now, recordedAt: "now", unknownAccounts: "hold", ...batch }),
    );
}

async function erase(db: Db, who: PersonName = byEmail, isPreview = false): Promise<ErasureOutcome> {
  return erasePerson(db, { who, author: "dpo", isPreview }, now);
}

function done(outcome: ErasureOutcome): Erasure {
  if (outcome.kind === "unknown" || outcome.kind === "busy") throw new Error(`The erasure ended as ${outcome.kind}.`);
  return outcome.erasure;
}

function contact(id: string, set: object, at = "2026-01-01T00:00:00Z", account = "acme"): Input {
  return { kind: "contact", id, account, at, set };
}

function note(text: string, id = "n1"): Input {
  return { kind: "touchpoint", id, account: "acme", at: "2026-01-02T00:00:00Z", set: { type: "call", note: text } };
}

const acme: Input = { kind: "account", id: "acme", at: "2025-01-01T00:00:00Z", set: { name: "Acme" } };

/** Every text of every table, by the catalogue, as the database spells it. */
async function everyText(db: Db): Promise<string[]> {
  const { rows } = await sql<{ table: string }>`
    select table_name as table from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(db);
  const texts: string[] = [];
  for (const { table } of rows) {
    const found = await sql<{ text: string }>`select t::text as text from ${sql.table(table)} t`.execute(db);
    texts.push(...found.rows.map((row) => `${table}: ${row.text}`));
  }
  return texts;
}

/** Rows in which one of these stands, whatever the capitals. */
async function findAnywhere(db: Db, needles: readonly string[]): Promise<string[]> {
  const texts = await everyText(db);
  return texts.filter((text) => needles.some((needle) => text.toLowerCase().includes(needle.toLowerCase())));
}

/** Puts the person into every text and JSON column there is, whatever the table is for. */
async function nameEverywhere(db: Db): Promise<number> {
  const run = await insertRun(db, "other");
  const mention = `${person.name.toUpperCase()} <${person.email}>`;
  const json = JSON.stringify({
    note: mention,
    list: [{ to: person.email }],
    [person.email]: 1,
    body: `{"to":"\\n${person.email}"}`,
  });
  const filled = sql`${mention}::text`;
  await sql`insert into action_log (action_id, attempt, state, author, reason)
    select id, 1, 'sent', ${filled}, ${filled} from actions`.execute(db);
  await sql`insert into actions (run_id, account_id, playbook_id, revision, step_id, visit, recipient, kind, message, state, reason, due_at, created_at, receipt)
    values (${run.runId}, ${run.accountId}, 'save', 1, 'mail', 1, ${person.email}, 'email', ${JSON.stringify({ kind: "email", to: person.email, text: `Dear ${person.name}` })}, 'sent', ${filled}, now(), now(), ${json}),
      (${run.runId}, ${run.accountId}, 'save', 1, 'mail', 1, ${person.email.toUpperCase()}, 'email', '{}', 'failed', ${filled}, now(), now(), ${json}),
      (${run.runId}, ${run.accountId}, 'save', 1, 'hook', 1, 'crm', 'webhook', ${json}, 'sent', 'ok', now(), now(), null)`.execute(
    db,
  );
  await sql`insert into action_log (action_id, attempt, state, author, reason) select id, 1, 'sent', ${filled}, ${filled} from actions`.execute(
    db,
  );
  await sql`insert into tasks (account_id, title, body, assignee, state, outcome, created_at, settled_by, created_by)
    values (${run.accountId}, ${filled}, ${filled}, ${filled}, 'open', ${filled}, now(), ${filled}, ${filled})`.execute(
    db,
  );
  await sql`insert into audit (at, author, via, deed, account_id, subject, data) values (now(), ${filled}, 'api', 'note.added', 1, ${filled}, ${json})`.execute(
    db,
  );
  await sql`insert into verdicts (run_id, author, verdict, note, at) values (${run.runId}, ${filled}, 'wrong', ${filled}, now())`.execute(
    db,
  );
  await sql`update runs set reason = ${filled}`.execute(db);
  await sql`insert into trigger_states (account_id, playbook_id, trigger_key, state, since, reason, occasion)
    values (${run.accountId}, 'save', 'k', 'inactive', now(), ${filled}, ${filled})`.execute(db);
  await sql`insert into changes (account_id, at, kind, data) values (${run.accountId}, now(), 'band', ${json}), (${run.accountId}, '2001-01-01', 'band', ${json})`.execute(
    db,
  );
  await sql`insert into scores (account_id, day, at, origin, model_id, model_revision, coverage, reason, band_memory, drivers, metrics, model_reason, confidence, lifecycle)
    values (${run.accountId}, '2026-03-01', now(), 'live', 'default', 1, 1, ${filled}, ${json}, ${json}, ${json}, ${filled}, ${json}, ${json})`.execute(
    db,
  );
  await sql`insert into api_tokens (name, hash, scopes) values ('etl', 'h', '{}')`.execute(db);
  await sql`insert into idempotency_keys (token_id, key, request_hash, status, response) values (1, ${filled}, 'h', 200, ${json})`.execute(
    db,
  );
  await sql`insert into channel_states (channel, disabled_reason) values ('mail', ${filled})`.execute(db);
  await sql`update account_work set last_error = ${filled}`.execute(db);
  await sql`update streams set last_error = ${filled}, cursor = ${json}`.execute(db);
  await sql`insert into stream_outages (stream_id, began_at, reason) select id, now(), ${filled} from streams`.execute(
    db,
  );
  await sql`insert into slots (job, slot, state, detail) values ('tidy', now(), 'done', ${json})`.execute(db);
  return run.accountId;
}

describe("an erased person", () => {
  test("stands in no text of any table, and others stay", async ({ db }) => {
    await ensureScorePartitions(db, now);
    await apply(db, [
      acme,
      contact("c1", { name: person.name, email: person.email, role: "primary" }),
      contact("c1", { email: "a.lee@old.example.com", name: "Anna Lee" }, "2025-06-01T00:00:00Z"),
      contact("c2", { name: "Anna Leeds", email: "joanna.lee@acme.example.com" }),
      contact("c3", { name: "Mary-Anna Lee", email: "anna.lee@acme.example.com.au" }),
      note(`Called ${person.name} (${person.email}), then Anna Leeds <joanna.lee@acme.example.com>`),
      {
        kind: "survey",
        id: "s1",
        account: "acme",
        at: "2026-01-02T00:00:00Z",
        set: { type: "nps", score: 3, contact: "c1", comment: `from ${person.email}` },
      },
      {
        kind: "ticket",
        id: `${person.email}-7`,
        account: "acme",
        at: "2026-01-02T00:00:00Z",
        set: { subject: "x", status: "open" },
      },
      {
        kind: "ticket",
        id: `a.lee@old.example.com-7`,
        account: "acme",
        at: "2026-01-02T00:00:00Z",
        set: { subject: "x", status: "open" },
      },
      {
        kind: "usage",
        mode: "event",
        account: "acme",
        name: "logins",
        day: "2026-01-05",
        value: 1,
        user: person.email,
      },
      { kind: "usage", mode: "event", account: "acme", name: "logins", day: "2026-01-05", value: 1, user: "c1" },
      { kind: "usage", mode: "event", account: "acme", name: "logins", day: "2026-01-05", value: 1, user: "c2" },
    ]);
    await apply(db, [
      contact("c9", { name: person.name, email: person.email }, "2026-01-01T00:00:00Z", "nobody"),
      { ...note(`ask ${person.email}`), account: "nobody" } as Input,
      { ...note("ask a.lee@old.example.com"), account: "nobody" } as Input,
    ]);
    await nameEverywhere(db);
    const needles = [person.email, "%40acme.example.com", "a.lee@old.example.com", person.name];
    const before = await findAnywhere(db, needles);
    expect(before.length).toBeGreaterThan(25);

    const { person: found, contacts, usage } = done(await erase(db));
    expect(found.emails.toSorted()).toEqual(["a.lee@old.example.com", person.email]);
    expect({ contacts, usage }).toEqual({ contacts: 2, usage: 2 });

    const others = ["Anna Leeds", "joanna.lee@acme.example.com", "Mary-Anna Lee", "anna.lee@acme.example.com.au"];
    const texts = await everyText(db);
    for (const other of others) expect(texts.join("\n")).toContain(other);
    const rest = texts.map((text) => others.reduce((left, other) => left.replaceAll(other, ""), text).toLowerCase());
    const named = [...needles, "Anna Lee"].map((needle) => needle.toLowerCase());
    expect(rest.filter((text) => named.some((needle) => text.includes(needle)))).toEqual([]);
    const { rows } = await sql<{ set: unknown }>`select set from record_changes where kind = 'survey'`.execute(db);
    expect(rows).toEqual([{ set: { type: "nps", score: 3, contact: "[erased]", comment: "from [erased]" } }]);
    expect(await db.selectFrom("heldInputs").select("id").execute()).toHaveLength(1);
    expect(await db.selectFrom("records").select("externalId").where("kind", "=", "ticket").execute()).toHaveLength(2);
    expect(await db.selectFrom("usageUsers").selectAll().execute()).toHaveLength(1);
  });

  test("is looked for in every text and JSON column that the schema has", async ({ db }) => {
    await nameEverywhere(db);
    const { rows } = await sql<{ name: string }>`
      select c.table_name || '.' || c.column_name as name from information_schema.columns c
      join pg_class t on t.oid = c.table_name::regclass and not t.relispartition
      where c.table_schema = 'public' and c.data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')
      order by 1`.execute(db);
    const looked = (await erasableTexts(db)).map(({ table, column }) => `${table}.${column}`);
    // Kinds of record; domains of companies.
    const impersonal = ["runs.chain", "streams.feeds", "unmatched_accounts.domains"];
    const rest = rows.map(({ name }) => name).filter((name) => !looked.includes(name) && !impersonal.includes(name));
    expect([...new Set(rest.map((name) => name.split(".")[0]))].sort()).toEqual([
      "api_tokens",
      "config_plans",
      "document_applications",
      "documents",
      "erasures",
      "installation",
      "keepwell_migrations",
      "live_documents",
    ]);
  });

  test("does not come back with the next delivery, under the same id or another, nor inside of texts", async ({
    db,
  }) => {
    const inputs = [
      acme,
      contact("c1", { name: person.name, email: person.email }),
      note(`Called ${person.email.toUpperCase()}.`),
    ];
    await apply(db, inputs);
    done(await erase(db));
    const again = await apply(db, [...inputs, contact("c2", { name: person.name, email: person.email })]);
    expect(again).toMatchObject({ written: 0, unchanged: 2 });
    expect(again.rejected).toEqual([
      { index: 1, reason: "an erased person", cause: "an erased person" },
      { index: 3, reason: "an erased person", cause: "an erased person" },
    ]);
    // The second id is known by now, also without the address.
    expect((await apply(db, [contact("c2", { name: person.name })])).rejected).toHaveLength(1);
    expect((await apply(db, [contact("c2", { name: "Bo Diaz" })], { source: "desk" })).rejected).toEqual([]);
    await apply(db, [note(`mail anna.lee%40acme.example.com or joanna.lee@acme.example.com`, "n2")]);
    expect(await findAnywhere(db, [person.email, "%40acme", person.name])).toEqual([
      expect.stringContaining("mail [erased] or joanna.lee@acme.example.com"),
    ]);
  });

  test("does not come back with the same history of usage, which counts nothing twice", async ({ db }) => {
    const history: Input[] = [person.email, "c1", "c2"].map((user) => ({
      kind: "usage",
      mode: "event",
      account: "acme",
      name: "logins",
      day: "2026-01-05",
      value: 1,
      user,
    }));
    const withId: Input = { ...history[0], id: `${person.email}-1` } as Input;
    await apply(db, [acme, contact("c1", { email: person.email }), ...history, withId], { recordedAt: "occurred" });
    done(await erase(db));
    const again = await apply(db, [...history, withId], { recordedAt: "occurred" });
    expect(again).toMatchObject({ written: 0, unchanged: 4 });
    expect(await db.selectFrom("usageUsers").selectAll().execute()).toHaveLength(1);
    expect(await db.selectFrom("usageDaily").select("value").execute()).toEqual([{ value: 4 }]);
    const waits = await apply(db, [
      { ...history[0], account: "nobody" } as Input,
      { ...withId, account: "nobody" } as Input,
    ]);
    expect(waits).toMatchObject({ held: 2 });
    expect(await findAnywhere(db, [person.email])).toEqual([]);
  });

  test("whose address names an account goes, and the account stays the one that its source means", async ({ db }) => {
    const own: Input = { kind: "account", id: person.email, at: "2025-01-01T00:00:00Z", set: { name: "Solo" } };
    const login: Input = {
      kind: "usage",
      mode: "daily",
      account: person.email,
      name: "logins",
      day: "2026-01-05",
      value: 3,
    };
    await apply(db, [own, login]);
    done(await erase(db));
    expect(await findAnywhere(db, [person.email])).toEqual([]);
    expect(await apply(db, [own, { ...login, value: 4 } as Input])).toMatchObject({
      written: 1,
      unchanged: 1,
      accountsCreated: 0,
    });
    expect(await findAnywhere(db, [person.email])).toEqual([]);
  });

  test("is found by the contact's id, in the source that is named", async ({ db }) => {
    await apply(db, [acme, contact("7", { name: person.name, email: person.email })]);
    await apply(db, [contact("7", { name: "Bo Diaz", email: "bo@example.com" })], { source: "desk" });
    expect(await erase(db, { kind: "contact", id: "8", source: null })).toEqual({ kind: "unknown" });
    done(await erase(db, { kind: "contact", id: "7", source: "crm" }));
    expect(await findAnywhere(db, [person.email, person.name])).toEqual([]);
    expect(await findAnywhere(db, ["Bo Diaz"])).toHaveLength(1);
    expect((await apply(db, [contact("7", { name: person.name })])).rejected).toHaveLength(1);
  });

  test("leaves a name of one word to everybody else", async ({ db }) => {
    await apply(db, [acme, contact("c1", { name: "Grace", email: person.email }), note("A grace period was granted")]);
    done(await erase(db));
    expect(await findAnywhere(db, ["grace period"])).toHaveLength(1);
  });

  test("makes the accounts that named her due for scoring", async ({ db }) => {
    await apply(db, [acme, note(`Called ${person.email}`)]);
    await sql`update account_work set scored_seq = dirty_seq`.execute(db);
    done(await erase(db));
    const { rows } = await sql`select from account_work where dirty_seq > scored_seq`.execute(db);
    expect(rows).toHaveLength(1);
  });
});

describe("messages to an erased person", () => {
  async function insertMail(db: Db, state: string): Promise<void> {
    const run = await insertRun(db);
    const message = JSON.stringify({ kind: "email", to: person.email, subject: "Hello" });
    await sql`insert into actions (run_id, account_id, playbook_id, revision, step_id, visit, recipient, kind, channel, message, state, reason, due_at, created_at)
      values (${run.runId}, ${run.accountId}, 'save', 1, 'mail', 1, 'primary-contact', 'email', 'mail', ${message}, ${state}, '', now(), now())`.execute(
      db,
    );
  }

  test("that wait are never sent", async ({ db }) => {
    await insertMail(db, "retry");
    expect(done(await erase(db)).cancelled).toBe(1);
    expect(await db.selectFrom("actions").select(["state", "reason"]).execute()).toEqual([
      { state: "cancelled", reason: "its receiver was erased" },
    ]);
  });

  test("that are on their way are waited for: nothing is erased yet", async ({ db }) => {
    await insertMail(db, "sending");
    expect(await erase(db)).toEqual({ kind: "busy" });
    expect((await findAnywhere(db, [person.email])).length).toBeGreaterThan(0);
    await sql`update actions set state = 'sent'`.execute(db);
    done(await erase(db));
    expect(await findAnywhere(db, [person.email])).toEqual([]);
  });
});

test("the scores of an account whose contact was erased still explain themselves", async ({ db }) => {
  const log = createSilentLog();
  const configuration = configure([playbook()]);
  await ensureScorePartitions(db, now);
  await take(db, [...account("acme", "2026-03-09", [1, 1, 1]), contact("c1", { ...person, role: "primary" })], now);
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration, log }, now);
  await respondDue({ db, configuration, log }, now);
  await sql`update tasks set body = ${person.email}`.execute(db);
  const question = { key: "acme", day: null };
  const before = await explainAccount(db, configuration, question, now);
  done(await erase(db));
  expect(await findAnywhere(db, [person.email, person.name])).toEqual([]);
  const after = await explainAccount(db, configuration, question, now);
  // Metrics of contacts may have changed; this model has none of them.
  expect(after?.explanation).toMatchObject({
    score: before?.explanation.score,
    drivers: before?.explanation.drivers,
    playbooks: before?.explanation.playbooks,
  });
  expect(after?.explanation.drivers).not.toEqual([]);
  expect(await scoreDue({ db, configuration, log }, now)).toEqual({ scored: 1, failed: 0 });
});

test("a preview tells what would go and changes nothing, not even who is kept out", async ({ db }) => {
  await apply(db, [acme, contact("c1", { name: person.name, email: person.email }), note(`Called ${person.email}`)]);
  const before = await everyText(db);
  const preview = await erase(db, byEmail, true);
  expect(preview.kind).toBe("previewed");
  expect(await everyText(db)).toEqual(before);
  expect(await erase(db)).toEqual({ ...preview, kind: "erased" });
});

test("the audit says that a person was erased, and not who", async ({ db }) => {
  await apply(db, [acme, contact("c1", { name: person.name, email: person.email })]);
  done(await erase(db));
  expect(await db.selectFrom("audit").select(["author", "deed", "data"]).execute()).toEqual([
    { author: "dpo", deed: "person.erased", data: { contacts: 1, cancelled: 0, texts: [], usage: 0 } },
  ]);
});

test("a delivery that began before the erasure is waited for, and what it wrote is erased too", async ({ db, url }) => {
  await apply(db, [acme]);
  const other = openDatabase(url, { max: 2 });
  const delivery = await other.db.startTransaction().execute();
  await applyInputs(delivery, {
    source: "crm",
    inputs: [contact("c1", { name: person.name, email: person.email })],
    now,
    recordedAt: "now",
    unknownAccounts: "hold",
  });
  const erasing = erase(db);
  await expect
    .poll(async () => (await sql`select from pg_locks where not granted`.execute(db)).rows.length)
    .toBeGreaterThan(0);
  await delivery.commit().execute();
  expect(done(await erasing).contacts).toBe(1);
  await other.close();
  expect(await findAnywhere(db, [person.email, person.name])).toEqual([]);
});

test("a pass over an account that names her is waited for, and what it wrote is erased too", async ({ db, url }) => {
  await apply(db, [acme, note(`Called ${person.email}`)]);
  const other = openDatabase(url, { max: 2 });
  const pass = await other.db.startTransaction().execute();
  await sql`select from account_work for update`.execute(pass);
  await sql`insert into tasks (account_id, title, state, created_at)
    select id, ${`Write to ${person.email}`}, 'open', now() from accounts`.execute(pass);
  const erasing = erase(db);
  await expect
    .poll(async () => (await sql`select from pg_locks where not granted`.execute(db)).rows.length)
    .toBeGreaterThan(0);
  await pass.commit().execute();
  done(await erasing);
  await other.close();
  expect(await findAnywhere(db, [person.email])).toEqual([]);
});

describe("the key of the hashes", () => {
  test("is the operator's where there is one, and another one is an error, never a person let in", async ({ db }) => {
    onTestFinished(() => useErasureKey(null));
    useErasureKey("a".repeat(32));
    await apply(db, [acme, contact("c1", { email: person.email })]);
    done(await erase(db));
    expect(await db.selectFrom("installation").select("key").execute()).toEqual([{ key: "erasure-key-check" }]);
    for (const wrong of ["b".repeat(32), null]) {
      useErasureKey(wrong);
      await expect(apply(db, [contact("c1", { email: person.email })])).rejects.toThrow("KEEPWELL_ERASURE_KEY");
    }
    useErasureKey("a".repeat(32));
    expect((await apply(db, [contact("c1", { email: person.email })])).rejected).toHaveLength(1);
  });

  test("is made by the database else, and the hashes tell nobody who it was", async ({ db }) => {
    await apply(db, [acme, contact("c1", { email: person.email })]);
    done(await erase(db));
    const rows = await db.selectFrom("erasures").select(["hash", "kind"]).orderBy("kind").execute();
    expect(rows).toEqual([
      { kind: "contact", hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { kind: "email", hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });
});

plain.each([
  { text: "to a@b.co.", left: "to X." },
  { text: "<a@b.co>, 'a@b.co'; A@B.CO", left: "<X>, 'X'; X" },
  { text: "?to=a%40b.co&body=write%20a@b.co%0A", left: "?to=X&body=write%20X%0A" },
  { text: '{"body":"one\\na@b.co\\u003ca@b.co"}', left: '{"body":"one\\nX\\u003cX"}' },
  { text: "aa@b.co a@b.com a@b.co.uk x.a@b.co a+b@b.co a@bb.co é.a@b.co", left: null },
  { text: "a@ @b.co a.b.co", left: null },
])("of $text stays $left", ({ text, left }) => {
  expect(replaceAddresses(text, (plainText) => (plainText === "a@b.co" ? "X" : null))).toBe(left ?? text);
});

plain("an address is found in whatever text it stands, and texts without one stay as they are", () => {
  const address = fc
    .tuple(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.constantFrom("b.co", "mail.example.com"))
    .map((parts) => parts.join("@"));
  const around = fc.string().filter((text) => !/[\p{L}\p{N}_.%+'@\\-]$/u.test(text) && !/^[\p{L}\p{N}.-]/u.test(text));
  fc.assert(
    fc.property(around, address, around, (before, one, after) => {
      expect(addressesIn(before + one + after)).toContain(one);
      expect(replaceAddresses(before + one + after, (found) => (found === one ? "" : null))).not.toContain(one);
      expect(replaceAddresses(before + one + after, () => null)).toBe(before + one + after);
    }),
  );
});

plain("a text of a megabyte without an end is read at once", () => {
  const text = `${"a".repeat(1_000_000)}@${"b".repeat(1_000_000)}${"@.".repeat(100_000)}`;
  expect(replaceAddresses(text, () => "X")).toBe(text);
});

plain.each([
  { text: "Anna Lee's, ANNA LEE; anna lee.", left: "X's, X; X." },
  { text: "Anna Leeds, Joanna Lee, Anna Lee-Smith, Mary-Anna Lee, Anna, Lee", left: null },
  { text: '{"b":"\\nAnna Lee\\n"} ?n=%20Anna%20Lee', left: '{"b":"\\nX\\n"} ?n=%20X' },
])("of $text stays $left without the name", ({ text, left }) => {
  expect(text.replace(namesPattern(["Anna Lee"]) ?? /^$/, "X")).toBe(left ?? text);
});
