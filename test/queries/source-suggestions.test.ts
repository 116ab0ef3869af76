import { expect, test } from "vitest";
import { searchWords, suggest } from "../../src/queries/sources/suggestions.ts";

const accounts = [
  { key: "acme", name: "Acme GmbH", domains: ["acme.com"] },
  { key: "acme-robotics", name: "Acme Robotics", domains: [] },
  { key: "globex", name: "Globex Corporation", domains: ["globex.example"] },
  { key: "initech", name: "Initech", domains: [] },
];
const wanted = { name: null, domains: [], ourKey: null };

test("words that every company has are not looked for", () => {
  const words = searchWords({ name: "The Acme Holding Ltd.", domains: ["acme-labs.co.uk"], ourKey: "A-1" });
  expect(words).toEqual(["acme", "acme-labs"]);
});

test.each([
  { why: "the same domain", given: { ...wanted, domains: ["acme.com"] }, first: "acme" },
  { why: "the same domain under another ending", given: { ...wanted, domains: ["globex.at"] }, first: "globex" },
  { why: "a domain that is the name", given: { ...wanted, domains: ["initech.at"] }, first: "initech" },
  { why: "the same name but for its form", given: { ...wanted, name: "ACME Inc." }, first: "acme" },
  { why: "a slip of the pen", given: { ...wanted, name: "Globecs" }, first: "globex" },
])("$why comes first", ({ given, first }) => {
  expect(suggest(given, accounts)[0]?.account).toBe(first);
});

test("nothing is suggested where nothing is alike, and three at most", () => {
  expect(suggest({ ...wanted, name: "Umbrella" }, accounts)).toEqual([]);
  const many = ["a", "b", "c", "d"].map((key) => ({ key, name: "Acme", domains: [] }));
  expect(suggest({ ...wanted, name: "Acme" }, many).map(({ account }) => account)).toEqual(["a", "b", "c"]);
});
