import { describe, expect, test } from "vitest";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import type { ChangeOf } from "../../src/scoring/record-state.ts";
import type { FieldsOf } from "../../src/scoring/records.ts";
import { customerLife, isCustomerOn } from "../../src/scoring/retention/customer-life.ts";
import { at, change, company, coverage, history } from "./build-history.ts";

const now = at("2026-06-30T12:00:00Z");
const covered = coverage({ kinds: { subscription: ["2026-06-29"] } });
const paid: FieldsOf<"subscription"> = {
  status: "active",
  startsOn: "2025-01-01",
  amountMinor: 100,
  currency: "EUR",
  interval: "month",
};

function lifeOf(...changes: readonly ChangeOf<"subscription">[]) {
  return customerLife(history({ account: { name: "Acme" }, changes }), covered, company(), now);
}

function words(...changes: readonly ChangeOf<"subscription">[]): readonly string[] {
  return (lifeOf(...changes)?.stretches ?? []).map(
    ({ from, until }) => `${formatDay(from)} to ${until === null ? "now" : formatDay(until)}`,
  );
}

describe("the life of a customer", () => {
  test("goes on while a paid contract is in force", () => {
    expect(words(change("subscription", 2, "2025-01-01", paid))).toEqual(["2025-01-01 to now"]);
  });

  test("ends on the day on which the last contract ends", () => {
    const first = change("subscription", 2, "2025-01-01", { ...paid, endsOn: "2026-01-10" });
    const second = change("subscription", 3, "2025-06-01", { ...paid, startsOn: "2025-06-01" });
    const canceled = change("subscription", 3, "2026-03-05T10:00:00Z", { status: "canceled" });
    expect(words(first, second, canceled)).toEqual(["2025-01-01 to 2026-03-05"]);
  });

  test("is one life where the customer is back within 30 days, and another one later", () => {
    const first = change("subscription", 2, "2025-01-01", { ...paid, endsOn: "2025-06-01" });
    const back = (startsOn: string) => change("subscription", 3, startsOn, { ...paid, startsOn });
    expect(words(first, back("2025-07-01"))).toEqual(["2025-01-01 to now"]);
    expect(words(first, back("2025-07-02"))).toEqual(["2025-01-01 to 2025-06-01", "2025-07-02 to now"]);
  });

  test("is not over while the customer may still come back", () => {
    const ends = (endsOn: string) => change("subscription", 2, "2025-01-01", { ...paid, endsOn });
    expect(words(ends("2026-05-31"))).toEqual(["2025-01-01 to now"]);
    expect(words(ends("2026-05-30"))).toEqual(["2025-01-01 to 2026-05-30"]);
  });

  test("does not begin with a trial or for free", () => {
    const trial = change("subscription", 2, "2025-01-01", { ...paid, trial: true });
    const free = change("subscription", 3, "2025-01-01", { ...paid, amountMinor: 0 });
    expect(words(trial, free)).toEqual([]);
  });

  test("is not known where nobody delivers contracts", () => {
    expect(customerLife(history({ account: { name: "Acme" } }), coverage({}), company(), now)).toBeNull();
  });

  test("covers the day it began, and not the day it ended", () => {
    const life = lifeOf(change("subscription", 2, "2025-01-01", { ...paid, endsOn: "2026-01-10" }));
    const days = ["2024-12-31", "2025-01-01", "2026-01-09", "2026-01-10"];
    expect(days.map((day) => life !== null && isCustomerOn(life, parseDay(day)))).toEqual([false, true, true, false]);
  });
});
