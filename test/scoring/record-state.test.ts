import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountAsOf, recordsAsOf } from "../../src/scoring/record-state.ts";
import { at, change, history } from "./build-history.ts";

const opened = change("ticket", 7, "2025-01-01", { status: "new", priority: "high", subject: "Export fails" });
const raised = change("ticket", 7, "2025-01-03", { priority: "urgent", subject: null });
const solved = change("ticket", 7, "2025-01-05", { status: "solved" }, "2025-01-09");
const ticket = history({ changes: [opened, raised, solved] });

describe("a record as of a moment", () => {
  test.each([
    { now: "2024-12-31", fields: undefined },
    { now: "2025-01-01", fields: { status: "new", priority: "high", subject: "Export fails" } },
    { now: "2025-01-04", fields: { status: "new", priority: "urgent", subject: null } },
    { now: "2025-01-08", fields: { status: "new", priority: "urgent", subject: null } },
    { now: "2025-01-09", fields: { status: "solved", priority: "urgent", subject: null } },
  ])("is what was true and known at $now", ({ now, fields }) => {
    expect(recordsAsOf(ticket, "ticket", at(now))[0]?.fields).toEqual(fields);
  });

  test("of two changes of one moment the one learned later counts", () => {
    const early = change("ticket", 7, "2025-01-01", { status: "open" }, "2025-01-02");
    const late = change("ticket", 7, "2025-01-01", { status: "pending" }, "2025-01-03");
    const [state] = recordsAsOf(history({ changes: [late, early] }), "ticket", at("2025-02-01"));
    expect(state?.fields.status).toBe("pending");
  });

  test("a change that is announced ahead waits for its time", () => {
    const announced = change("subscription", 7, "2025-03-01", { amountMinor: 200 }, "2025-01-01");
    const known = history({ changes: [announced] });
    expect(recordsAsOf(known, "subscription", at("2025-02-28"))).toEqual([]);
    expect(recordsAsOf(known, "subscription", at("2025-03-01"))[0]?.fields).toEqual({ amountMinor: 200 });
  });

  test("a change that occurred earlier does not undo one that occurred later, even when it is learned last", () => {
    const late = change("ticket", 7, "2025-01-05", { status: "open" }, "2025-01-05");
    const early = change("ticket", 7, "2025-01-01", { status: "new" }, "2025-01-30");
    const [state] = recordsAsOf(history({ changes: [late, early] }), "ticket", at("2025-02-01"));
    expect(state?.fields.status).toBe("open");
    expect(state?.firstAt).toBe(at("2025-01-01"));
    expect(state?.lastAt).toBe(at("2025-01-05"));
  });

  test("records of a kind come apart by their ids, and other kinds stay out", () => {
    const changes = [change("ticket", 9, "2025-01-02", {}), opened, change("event", 8, "2025-01-01", {}), raised];
    const states = recordsAsOf(history({ changes }), "ticket", at("2025-02-01"));
    expect(states.map(({ recordId, changes: { length } }) => [recordId, length])).toEqual([
      [7, 2],
      [9, 1],
    ]);
  });
});

describe("the account's own fields", () => {
  test("come from every source that describes it, the latest change first", () => {
    const changes = [
      change("account", 12, "2025-01-02", { owner: "ann", segment: "mid" }),
      change("account", 11, "2025-01-01", { name: "Acme", owner: "bob", zone: "UTC" }),
      change("account", 11, "2025-01-03", { zone: null }),
    ];
    const account = accountAsOf(history({ changes }), at("2025-02-01"));
    expect(account).toEqual({ name: "Acme", owner: "ann", segment: "mid", zone: null });
  });

  test("fields of one's own are patched one by one", () => {
    const changes = [
      change("account", 11, "2025-01-01", { fields: { tier: "gold", sites: 3 } }),
      change("account", 11, "2025-01-02", { fields: { sites: null } }),
    ];
    expect(accountAsOf(history({ changes }), at("2025-02-01")).fields).toEqual({ tier: "gold", sites: null });
  });

  test("are empty before anything is known", () => {
    expect(accountAsOf(history({ account: { name: "Acme" } }), at("2019-12-31"))).toEqual({});
  });
});

const anyChange = fc
  .record({
    recordId: fc.integer({ min: 1, max: 3 }),
    occurred: fc.integer({ min: 1, max: 9 }),
    recorded: fc.integer({ min: 1, max: 9 }),
    set: fc.record(
      {
        status: fc.constantFrom("new" as const, "open" as const, "solved" as const),
        priority: fc.constantFrom("low" as const, "urgent" as const, null),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ recordId, occurred, recorded, set }) =>
    change("ticket", recordId, `2025-01-0${occurred}`, set, `2025-01-0${recorded}`),
  );

test("the order of the rows and rows given twice change nothing", () => {
  const rows = fc.array(anyChange, { maxLength: 12 }).chain((list) =>
    fc.record({
      list: fc.constant(list),
      shuffled: fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2, maxLength: list.length * 2 }),
    }),
  );
  fc.assert(
    fc.property(rows, ({ list, shuffled }) => {
      const now = at("2025-01-07");
      const fields = (changes: typeof list) =>
        recordsAsOf(history({ changes }), "ticket", now).map((state) => [state.recordId, state.fields, state.lastAt]);
      expect(fields(shuffled)).toEqual(fields(list));
    }),
  );
});
