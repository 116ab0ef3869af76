import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/queries/configuration/json-text.ts";

describe("a document's text", () => {
  test.each([
    { text: '{\n  "a": 1,\n}', line: 3, column: 1, message: "remove the comma before }" },
    { text: '{"a": [1, 2,]}', line: 1, column: 13, message: "remove the comma before ]" },
    { text: '{\n  "a" 1}', line: 2, column: 7, message: 'expected a colon after the key, met "1"' },
    { text: '{"a": 1 "b": 2}', line: 1, column: 9, message: 'expected a comma or }, met """' },
    { text: "[1 2]", line: 1, column: 4, message: 'expected a comma or ], met "2"' },
    { text: '{"a": ', line: 1, column: 7, message: "expected a value, met the end of the file" },
    { text: "", line: 1, column: 1, message: "expected a value, met the end of the file" },
    { text: "// why\n{}", line: 1, column: 1, message: "JSON has no comments" },
    { text: "{'a': 1}", line: 1, column: 2, message: `expected a key in double quotes, met "'"` },
    { text: '{"a": "b\n"}', line: 1, column: 7, message: "this text has no closing quote on its line" },
    { text: "{} {}", line: 1, column: 4, message: 'the document ends before "{"; nothing may follow it' },
    { text: '{"a": True}', line: 1, column: 7, message: 'expected a value, met "True"' },
  ])("is refused with line and column: $message", ({ text, line, column, message }) => {
    const parsed = parseJson(text);
    expect(parsed).toMatchObject({ kind: "faults", faults: [{ position: { line, column }, message }] });
  });

  test.each([
    { text: '{"a": 1, "a": 2}', message: "this key stands here twice" },
    { text: '{"__proto__": {}}', message: "this key is not allowed" },
    { text: '{"a": "\\u0000"}', message: "this text holds a character that cannot be stored" },
    { text: '{"a": "\\ud800"}', message: "this text holds a character that cannot be stored" },
  ])("is read, and what would get lost silently is told: $message", ({ text, message }) => {
    const parsed = parseJson(text);
    expect(parsed).toMatchObject({ kind: "value", faults: [{ message }] });
  });

  test("nested without end is refused, not a crash", () => {
    expect(parseJson("[".repeat(100_000))).toMatchObject({ kind: "faults" });
  });

  test("knows where every key and item stands, and for a missing one what encloses it", () => {
    const parsed = parseJson('\uFEFF{\n  "groups": [\n    { "id": "usage" }\n  ]\n}');
    if (parsed.kind !== "value") throw new Error("could not be read");
    expect(parsed.positionOf("groups[0].id")).toEqual({ line: 3, column: 7 });
    expect(parsed.positionOf("groups[0].weight")).toEqual({ line: 3, column: 5 });
    expect(parsed.positionOf("groups")).toEqual({ line: 2, column: 3 });
    expect(parsed.positionOf("name")).toEqual({ line: 1, column: 1 });
  });

  test("reads every JSON text as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (json, isSpread) => {
        const text = isSpread ? JSON.stringify(JSON.parse(json), null, 2) : json;
        const parsed = parseJson(text);
        expect(parsed.kind === "value" ? parsed.value : parsed).toEqual(JSON.parse(text));
      }),
    );
  });

  test("accepts and refuses the same texts as JSON.parse, whatever one changes in them", () => {
    const noise = fc.constantFrom(..."{}[]\",:\\ \n\t-+.eE0123u'tfn/");
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat(3), fc.string({ unit: noise, maxLength: 3 }), (json, at, cut, put) => {
        const start = at % (json.length + 1);
        const text = json.slice(0, start) + put + json.slice(start + cut);
        expect(parseJson(text).kind === "value").toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
