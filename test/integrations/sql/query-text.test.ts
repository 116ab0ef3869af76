import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readQuery } from "../../../src/integrations/sql/query-text.ts";

const names = ["since", "until"];
const parametersOf = (query: string) => readQuery(query, names);

describe("a query of somebody's database", () => {
  test.each([
    { query: "select * from t where at >= :since and at < :until", parameters: ["since", "until"] },
    { query: "select :since::date, at::date, :since", parameters: ["since", "since"] },
    { query: "select ':since', E'it\\'s :since', 'it''s :since', U&':since' from t", parameters: [] },
    { query: 'select ":since", "a"":since" from t', parameters: [] },
    { query: "select $$ :since $$, $tag$ :since $$ :since $tag$ from t", parameters: [] },
    { query: "select 1 -- :since\n, 2 /* :since /* :since */ :since */ from t", parameters: [] },
    { query: "select a[1:2], b[1 : n] from t", parameters: [] },
    { query: "select date'2026-01-01', foo$1 from t", parameters: [] },
    { query: " (select 1) union (select 2) ", parameters: [] },
    { query: "-- what for\nwith a as (select 1) select * from a;  -- the end", parameters: [] },
    { query: "VALUES (1)", parameters: [] },
    { query: "table t", parameters: [] },
    { query: "select ';'; ;", parameters: [] },
  ])("has its parameters found in $query", ({ query, parameters }) => {
    expect(parametersOf(query)).toMatchObject({ parameters });
  });

  test.each([
    { query: "delete from t", fault: "expected a query that begins with SELECT, WITH, TABLE or VALUES" },
    { query: "", fault: "expected a query that begins with SELECT, WITH, TABLE or VALUES" },
    { query: "select 1; select 2", fault: "expected one statement, met more" },
    { query: "select 1; drop table t", fault: "expected one statement, met more" },
    { query: "select 1; /* nothing */ 'x'", fault: "expected one statement, met more" },
    { query: "select :sinse", fault: "there is no parameter :sinse, only :since and :until" },
    { query: "select * from t where id = $1", fault: "$1: parameters have names, :since and :until" },
    { query: "select 'open", fault: "what begins with ' does not end" },
    { query: 'select "open', fault: 'what begins with " does not end' },
    { query: "select $a$ open $b$", fault: "what begins with $a$ does not end" },
    { query: "select 1 /* /* open */", fault: "what begins with /* does not end" },
  ])("is refused: $query", ({ query, fault }) => {
    expect(parametersOf(query)).toEqual({ fault });
  });

  test("is put together again as it was, whatever it holds", () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      "$$",
      "$a$",
      "--",
      "/*",
      "*/",
      "\n",
      ":since",
      "::",
      ":",
      ";",
      "select",
      " ",
      "\\",
      "E",
      "x",
      "$1",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const query = `select ${pieces.join("")}`;
        const read = readQuery(query, names);
        if ("fault" in read) return;
        const again = read.parts
          .map((part, index) => part + (index < read.parameters.length ? `:${read.parameters[index]}` : ""))
          .join("");
        expect(again.replaceAll(";", "")).toBe(query.replaceAll(";", ""));
      }),
    );
  });
});
