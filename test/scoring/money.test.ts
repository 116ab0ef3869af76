import { expect, test } from "vitest";
import { parseDay } from "../../src/scoring/days.ts";
import { convertMinor, currencyDigits, rateOn, toMajor } from "../../src/scoring/money.ts";
import { company } from "./build-history.ts";

test.each([
  ["EUR", 2],
  ["JPY", 0],
  ["KWD", 3],
  ["HUF", 2],
  ["CLF", 4],
])("%s has %d digits", (currency, digits) => {
  expect(currencyDigits(currency)).toBe(digits);
});

test.each([
  { minor: 123_456, currency: "EUR", major: 1234.56 },
  { minor: 500, currency: "JPY", major: 500 },
  { minor: 1_005, currency: "KWD", major: 1.005 },
])("$minor in minor units of $currency is $major", ({ minor, currency, major }) => {
  expect(toMajor(minor, currency)).toBe(major);
});

test("a rate holds from its day on, until a newer one does", () => {
  const rates = {
    USD: [
      { from: "2025-01-01", rate: 0.9 },
      { from: "2025-02-01", rate: 0.95 },
    ],
  };
  const facts = company({ rates });
  expect(rateOn(facts, "USD", parseDay("2024-12-31"))).toBeNull();
  expect(rateOn(facts, "USD", parseDay("2025-01-31"))).toBe(0.9);
  expect(rateOn(facts, "USD", parseDay("2025-02-01"))).toBe(0.95);
  expect(rateOn(facts, "EUR", parseDay("1999-01-01"))).toBe(1);
  expect(rateOn(facts, "GBP", parseDay("2025-02-01"))).toBeNull();
});

test("converts between currencies of different digits", () => {
  expect(convertMinor(16_000, "JPY", "EUR", 0.00625)).toBe(10_000);
  expect(convertMinor(10_000, "EUR", "JPY", 160)).toBe(16_000);
});
