import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import { parseUsage } from "../../src/store/histories/usage-text.ts";
import { loadHistories } from "../../src/store/histories.ts";
import { test } from "../support/database.ts";

const names = new Map([[7, "logins"]]);

describe("the text of a month's usage", () => {
  test("places each value on its day, and zero on days without a row", () => {
    // Days 0, 2 and 3 of a stretch that begins two days into the range.
    const series = parseUsage("7:102:13{5,0,2.5};", names, 100, 107);
    expect(series.get("logins")?.firstDay).toBe(100);
    expect(Array.from(series.get("logins")?.values ?? [])).toEqual([0, 0, 5, 0, 0, 2.5, 0, 0]);
  });

  test("reads any number as PostgreSQL prints it", () => {
    const printed = ["-3", "0.1", "1e+20", "123456789012345", "9007199254740991", "1e-07", "Infinity"];
    const series = parseUsage(`7:0:${2 ** printed.length - 1}{${printed.join(",")}}`, names, 0, printed.length - 1);
    expect(Array.from(series.get("logins")?.values ?? [])).toEqual(printed.map(Number));
  });

  test("a text that breaks off is a fault, not a short series", () => {
    expect(() => parseUsage("7:0:3{5,", names, 0, 2)).toThrow("met its end");
  });
});

test("usage reads back day by day, over ends of months, gaps, and partitions or none", async ({ db }) => {
  const from = parseDay("2025-12-28");
  const value = fc.oneof(fc.integer({ min: -5, max: 1e6 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 }));
  await sql`create table usage_daily_2026_01 partition of usage_daily for values from ('2026-01-01') to ('2026-02-01')`.execute(
    db,
  );
  await sql`insert into usage_names (name) values ('logins'), ('exports')`.execute(db);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(value), { minLength: 70, maxLength: 70 }), async (days) => {
      await sql`delete from usage_daily`.execute(db);
      for (const [index, one] of days.entries()) {
        if (one === null) continue;
        await sql`insert into usage_daily values (3, 1, ${formatDay(from + index)}, ${one}, now())`.execute(db);
      }
      const [history] = await loadHistories(db, {
        accounts: [{ accountId: 3, key: "acme" }],
        kinds: ["account"],
        usageNames: ["logins", "exports"],
        fromDay: from,
        toDay: from + 69,
        forPast: false,
      });
      const read = history?.usage.get("logins");
      const expected = days.every((one) => one === null) ? undefined : days.map((one) => one ?? 0);
      expect(read === undefined ? undefined : Array.from(read.values, (one) => one + 0)).toEqual(
        expected?.map((one) => one + 0),
      );
      expect(history?.usage.has("exports")).toBe(false);
    }),
    { numRuns: 15 },
  );
});
