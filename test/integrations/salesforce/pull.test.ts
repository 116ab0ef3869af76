import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { SourceHalt } from "../../../src/integrations/call-port.ts";
import type { Page, Source } from "../../../src/integrations/source-port.ts";
import { pullContext } from "../pull-context.ts";
import { pullAll } from "../pulled.ts";
import { type FakeOptions, type SalesforceFake, startSalesforceFake } from "./fake.ts";
import { openOver } from "./open.ts";
import { idOf, moment, type Organization, rowOf } from "./organization.ts";
import type { Row } from "./soql.ts";

const now = new Date("2026-03-02T09:00:00.000Z");
const minuteMs = 60_000;

const fakes: SalesforceFake[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function start(options: FakeOptions = {}): Promise<{ readonly fake: SalesforceFake; readonly source: Source }> {
  const fake = await startSalesforceFake({ clock: () => now, ...options });
  fakes.push(fake);
  return { fake, source: openOver(fake.url) };
}

/** Contacts of Acme, each changed when told; the minutes are those of one hour. */
function contacts(minutes: readonly number[]): Organization {
  const Contact = minutes.map((minute, index) => {
    const at = new Date(Date.parse("2026-03-01T00:00:00Z") + minute * minuteMs).toISOString();
    return rowOf(idOf("003", index + 1), at, { AccountId: idOf("001", 1), Name: `Contact ${index}`, Email: null });
  });
  return { Contact };
}

function idsOf(pages: readonly Page[]): string[] {
  return pages.flatMap(({ raw }) => (raw as readonly Row[]).map((row) => String(row["Id"])));
}

const queriesOf = ({ asked }: SalesforceFake) => asked.filter((path) => path.includes("?q="));

async function haltOf(pull: Promise<unknown>) {
  const error = await pull.catch((caught: unknown) => caught);
  if (!(error instanceof SourceHalt)) throw new Error(`no halt: ${String(error)}`);
  return error.verdict;
}

describe("a round", () => {
  test("asks once and then follows Salesforce's own cursor", async () => {
    const { fake, source } = await start({ organization: contacts([1, 2, 3, 4, 5]), pageRows: 2 });
    const pages = await pullAll(source, "contacts", pullContext(source, now));
    expect(pages.map(({ raw }) => raw.length)).toEqual([2, 2, 1]);
    expect(queriesOf(fake)).toHaveLength(1);
  });

  test("goes on after the last row when Salesforce's cursor has ended", async () => {
    const { fake, source } = await start({ organization: contacts([1, 2, 3, 4, 5]), pageRows: 2 });
    const context = pullContext(source, now);
    const first = await source.pull("contacts", null, context);
    fake.endLocators();
    const rest = await pullAll(source, "contacts", context, first.cursor);
    expect(idsOf([first, ...rest])).toEqual([1, 2, 3, 4, 5].map((number) => idOf("003", number)));
    expect(queriesOf(fake)[1]).toContain("(SystemModstamp > 2026-03-01T00:02:00.000Z OR (SystemModstamp = ");
  });

  test("goes on after the last row when the session has ended, for its cursor ended with it", async () => {
    const { fake, source } = await start({ organization: contacts([1, 2, 3, 4, 5]), pageRows: 2 });
    const context = pullContext(source, now);
    const first = await source.pull("contacts", null, context);
    fake.endSessions();
    expect(await haltOf(source.pull("contacts", first.cursor, context))).toMatchObject({ kind: "reauthenticate" });
    source.forgetToken?.();
    const rest = await pullAll(source, "contacts", context, first.cursor);
    expect(idsOf([first, ...rest])).toEqual([1, 2, 3, 4, 5].map((number) => idOf("003", number)));
    expect(fake.logins()).toBe(2);
  });

  test("brings a thousand rows of one moment once each, though every page is another process's", async () => {
    const { fake } = await start({ organization: contacts(Array.from({ length: 1_000 }, () => 7)), pageRows: 90 });
    const pages: Page[] = [];
    let cursor: unknown = null;
    do {
      const source = openOver(fake.url);
      const page = await source.pull("contacts", JSON.parse(JSON.stringify(cursor)), pullContext(source, now));
      pages.push(page);
      cursor = page.cursor;
    } while (pages.at(-1)?.done === false);
    expect(idsOf(pages)).toEqual(Array.from({ length: 1_000 }, (_, index) => idOf("003", index + 1)));
  });

  test("stops rather than asking for ever when the same rows come again", async () => {
    const { fake, source } = await start({ organization: contacts([1, 2, 3]), pageRows: 2 });
    const context = pullContext(source, now);
    const first = await source.pull("contacts", null, context);
    const records = first.raw;
    fake.intercept = (path) => (path.includes("/query") ? { status: 200, body: { done: false, records } } : null);
    expect(await haltOf(source.pull("contacts", first.cursor, context))).toMatchObject({
      kind: "fatal",
      reason: "Salesforce gave the same rows again",
    });
  });

  test.each([
    "https://elsewhere.example.com/services/data/v62.0/query/01g1-2",
    "/services/apexrest/anything",
    "/other",
  ])("never follows %s", async (nextRecordsUrl) => {
    const { fake, source } = await start({ organization: contacts([1, 2, 3]), pageRows: 2 });
    const context = pullContext(source, now);
    const { raw } = await source.pull("contacts", null, context);
    fake.intercept = (path) =>
      path.includes("/query") ? { status: 200, body: { done: false, nextRecordsUrl, records: raw } } : null;
    const page = await openOver(fake.url).pull("contacts", null, context);
    expect(page.cursor).toMatchObject({ next: null, after: { id: idOf("003", 2) } });
  });

  test("asks for fewer rows at once when it was too much", async () => {
    const { fake, source } = await start({ organization: contacts([1, 2, 3]) });
    await source.pull("contacts", null, { ...pullContext(source, now), shrink: 2 });
    expect(queriesOf(fake)[0]).toMatch(/ LIMIT 500$/);
  });

  test("is not at its end while as many rows come as were asked for", async () => {
    const minutes = Array.from({ length: 450 }, (_, index) => index);
    const { source } = await start({ organization: contacts(minutes) });
    const pages = await pullAll(source, "contacts", { ...pullContext(source, now), shrink: 6 });
    expect(pages.map(({ raw }) => raw.length)).toEqual([200, 200, 50]);
  });
});

describe("the next round", () => {
  test("begins ten minutes before the newest row, so that late rows are not lost", async () => {
    const { fake, source } = await start({ organization: contacts([1, 30]) });
    const context = pullContext(source, now);
    const [first] = await pullAll(source, "contacts", context);
    const late = contacts([0, 0, 25])["Contact"]?.[2];
    fake.organization["Contact"]?.push(late as Row);
    const second = await pullAll(source, "contacts", context, first?.cursor);
    expect(idsOf(second)).toEqual([idOf("003", 3), idOf("003", 2)]);
  });

  test("begins ten minutes before the last one did, when that took long", async () => {
    const began = new Date("2026-03-01T00:20:00Z");
    let clock = began;
    const { source, fake } = await start({ organization: contacts([1, 2, 40]), pageRows: 2, clock: () => clock });
    const context = pullContext(source, now);
    const first = await source.pull("contacts", null, context);
    clock = new Date("2026-03-01T01:00:00Z");
    fake.endLocators();
    const [last] = await pullAll(source, "contacts", context, first.cursor);
    expect(last?.cursor).toMatchObject({ since: "2026-03-01T00:10:00.000Z" });
  });

  test("begins where the last one did when nothing came", async () => {
    const { source } = await start({ organization: contacts([]) });
    const [page] = await pullAll(source, "contacts", pullContext(source, now), {
      v: 1,
      since: "2026-02-28T00:00:00.000Z",
      after: null,
      next: null,
      begunAt: null,
    });
    expect(page?.cursor).toMatchObject({ since: "2026-02-28T00:00:00.000Z" });
  });

  test("states the last whole day that was delivered", async () => {
    const { source } = await start({ clock: () => new Date("2026-03-02T00:05:00Z") });
    const [page] = await pullAll(source, "cases", pullContext(source, now));
    // Ten minutes earlier it was the 1st, which was not over.
    expect(page?.coveredThrough).toBe("2026-02-28");
  });

  test("begins anew with a cursor that cannot be read", async () => {
    const { source } = await start();
    expect(await haltOf(source.pull("cases", { page: 7 }, pullContext(source, now)))).toMatchObject({
      kind: "reset-cursor",
    });
  });
});

describe("whatever happens between two pages", () => {
  const row = fc.record({ minute: fc.integer({ min: 0, max: 5 }), again: fc.boolean() });
  const happenings = fc.constantFrom("nothing", "locators", "process", "change");

  test("every row is brought in its newest state", async () => {
    const law = async (rows: { minute: number; again: boolean }[], pageRows: number, script: string[]) => {
      const { fake } = await start({ organization: contacts(rows.map(({ minute }) => minute)), pageRows });
      const table = fake.organization["Contact"] ?? [];
      const changing = rows.flatMap(({ again }, index) => (again ? [index] : []));
      const reader = openReader(fake.url);
      const deeds: Readonly<Record<string, () => void>> = {
        locators: fake.endLocators,
        process: reader.reopen,
        change() {
          const index = changing.pop() ?? -1;
          if (index >= 0) table[index] = { ...table[index], SystemModstamp: moment("2026-03-01T01:00:00Z") };
        },
      };
      await reader.round(script.map((name) => deeds[name] ?? (() => undefined)));
      // What changes while a round goes on may be the next one's.
      await reader.round([]);
      expect(Object.fromEntries(reader.seen)).toEqual(
        Object.fromEntries(table.map((each) => [each["Id"], each["SystemModstamp"]])),
      );
      await fake.close();
    };
    const pageRows = fc.integer({ min: 1, max: 6 });
    const laws = fc.asyncProperty(
      fc.array(row, { maxLength: 25 }),
      pageRows,
      fc.array(happenings, { maxLength: 20 }),
      law,
    );
    await fc.assert(laws, { numRuns: 40 });
  });
});

/** Pulls contacts as the engine does, and remembers the newest state of each. */
function openReader(url: string) {
  const seen = new Map<string, unknown>();
  let source = openOver(url);
  let cursor: unknown = null;
  return {
    seen,
    reopen() {
      source = openOver(url);
    },
    /** A round, with a deed after each of its pages but the last. */
    async round(deeds: readonly (() => void)[]): Promise<void> {
      for (let nth = 0; ; nth += 1) {
        const page = await source.pull("contacts", cursor, pullContext(source, now));
        for (const each of page.raw as readonly Row[]) seen.set(String(each["Id"]), each["SystemModstamp"]);
        cursor = JSON.parse(JSON.stringify(page.cursor));
        if (page.done) return;
        deeds[nth]?.();
      }
    },
  };
}

describe("what the integration user may not see", () => {
  test("is left out where it is not needed", async () => {
    const { fake, source } = await start();
    fake.hidden.add("Account.Industry").add("Account.Website");
    const [page] = await pullAll(source, "accounts", pullContext(source, now));
    expect(page?.raw).toHaveLength(4);
    expect(queriesOf(fake)[0]).not.toMatch(/Industry|Website/);
  });

  test("is named where it is needed", async () => {
    const { fake, source } = await start();
    fake.hidden.add("Case.IsClosed");
    expect(await haltOf(source.pull("cases", null, pullContext(source, now)))).toMatchObject({
      kind: "forbidden",
      missing: "Case.IsClosed",
    });
  });

  test("is named where it is the whole object", async () => {
    const { fake, source } = await start();
    fake.hidden.add("Case");
    expect(await haltOf(source.pull("cases", null, pullContext(source, now)))).toMatchObject({
      kind: "forbidden",
      missing: "Case",
    });
  });

  test("is named where sources.json names it", async () => {
    const { fake } = await start();
    const source = openOver(fake.url, { account: { segment: "Segment__c" } });
    expect(await haltOf(source.pull("accounts", null, pullContext(source, now)))).toMatchObject({
      kind: "forbidden",
      missing: "Account.Segment__c",
    });
  });

  test("is named by Salesforce when it was hidden a moment ago, and left out at the next pull", async () => {
    const { fake, source } = await start();
    const context = pullContext(source, now);
    await pullAll(source, "accounts", context);
    fake.hidden.add("Account.Industry");
    expect(await haltOf(source.pull("accounts", null, context))).toMatchObject({
      kind: "forbidden",
      missing: "Account.Industry",
    });
    await expect(source.pull("accounts", null, context)).resolves.toMatchObject({ done: true });
  });
});

describe("the day's calls", () => {
  test("are left to others when nearly all are used, until an hour later", async () => {
    const { fake, source } = await start();
    await source.pull("cases", null, pullContext(source, now));
    fake.usage = "95000/100000";
    await source.pull("cases", null, pullContext(source, now));
    const asked = fake.asked.length;
    expect(await haltOf(source.pull("cases", null, pullContext(source, now)))).toMatchObject({
      kind: "retry",
      scope: "day",
      afterMs: 3_600_000,
    });
    expect(fake.asked).toHaveLength(asked);
    const later = new Date(now.getTime() + 3_600_000);
    await expect(source.pull("cases", null, pullContext(source, later))).resolves.toMatchObject({ done: true });
  });
});

describe("single rows", () => {
  test("come as they are now, also from the recycle bin, and those that are gone for good as deleted", async () => {
    const { source } = await start();
    const ids = [idOf("001", 1), idOf("001", 4), idOf("001", 9), "' OR Name != '"];
    const fetched = await source.fetch?.("accounts", ids, pullContext(source, now));
    expect(idsOf(fetched === undefined ? [] : [{ ...fetched, cursor: null, done: true }])).toEqual([
      idOf("001", 1),
      idOf("001", 4),
    ]);
    expect(fetched?.deleted).toEqual([idOf("001", 9)]);
  });

  test("are asked for in queries that fit into a URL", async () => {
    const { fake } = await start();
    const fields = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`f${index}`, `F${index}_${"x".repeat(70)}__c`]),
    );
    for (const field of Object.values(fields)) fake.custom.set(`Account.${field}`, { externalId: false });
    const source = openOver(fake.url, { account: { fields } });
    const ids = Array.from({ length: 500 }, (_, index) => idOf("001", index + 1));
    const fetched = await source.fetch?.("accounts", ids, pullContext(source, now));
    expect(fetched?.raw).toHaveLength(4);
    expect(fetched?.deleted).toHaveLength(496);
  });
});
