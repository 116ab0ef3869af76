import { describe, expect, test } from "vitest";
import { parseSources } from "../../../src/integrations/sources-schema.ts";

const stream = { name: "customers", record: "account", query: "select id, name from customers" };
const moment = { type: "moment", column: "updated_at" };

function faultsOf(over: Readonly<Record<string, unknown>>): readonly string[] {
  const source = { id: "warehouse", kind: "sql", url: { env: "WAREHOUSE_URL" }, streams: [{ ...stream, ...over }] };
  const parsed = parseSources({ sources: [source] });
  return "faults" in parsed ? parsed.faults.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe("a stream of a database", () => {
  test.each([
    { what: "as it is", over: {} },
    {
      what: "that follows a moment",
      over: { query: "select * from customers where updated_at >= :since", cursor: moment },
    },
    {
      what: "with a mapping and a key",
      over: { record: undefined, key: ["id"], mapping: { records: [{ kind: "account", id: "$.id", at: "$.at" }] } },
    },
  ])("is taken $what", ({ over }) => {
    expect(faultsOf(over)).toEqual([]);
  });

  test.each([
    {
      over: { query: "delete from customers" },
      message: "expected a query that begins with SELECT, WITH, TABLE or VALUES",
    },
    { over: { query: "select :since" }, message: '":since" and ":until" need a "cursor"' },
    { over: { cursor: moment }, message: 'a query with a "cursor" needs ":since"' },
    {
      over: { cursor: { type: "integer", column: "id" }, query: "select * from t where id > :since and id < :until" },
      message: '":until" goes with a cursor of moments or days only',
    },
    {
      over: { cursor: moment, query: "select * from t where :since", deletes: "missing" },
      message: "only what is read whole each time shows what is missing",
    },
    { over: { record: undefined }, message: 'a stream has either "record" or "mapping"' },
    {
      over: { record: undefined, mapping: { records: [{ kind: "account", id: "$.id", at: "$.at" }] } },
      message: 'a stream with a "mapping" needs "key": the columns that name a row',
    },
    {
      over: { coverage: { query: "update t set a = 1" } },
      message: "expected a query that begins with SELECT, WITH, TABLE or VALUES",
    },
    {
      over: { cursor: { type: "day", column: "day", overlap: "3h" }, query: "select :since" },
      message: 'expected a number of days, such as "3d"',
    },
  ])("is refused: $message", ({ over, message }) => {
    expect(faultsOf(over).join("\n")).toContain(message);
  });
});
