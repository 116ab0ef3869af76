import { describe, expect, test } from "vitest";
import type { Halt } from "../../../src/worker/calls/call.ts";
import { type PullTries, recoverFrom } from "../../../src/worker/collect/recovery.ts";

const now = new Date("2026-03-10T22:00:00Z");
const minuteMs = 60_000;
const reason = "the vendor said no";
const tries: PullTries = { cursor: { page: 7 }, shrink: 0, hasNewToken: false, hasNewCursor: false };
const recover = (halt: Halt, before: Partial<PullTries> = {}, canRenew = true) =>
  recoverFrom(halt, { ...tries, ...before }, canRenew, now);
const retry = (scope: "call" | "bucket" | "day", afterMs: number | null): Halt => ({
  kind: "retry",
  scope,
  afterMs,
  reason,
});

describe("a pull that is told to wait", () => {
  test.each([
    ["as long as the vendor says", retry("bucket", 90_000), 90_000],
    ["ten seconds where it says nothing", retry("bucket", null), 10_000],
    ["for the rest of the day when the day's budget is used up", retry("day", null), 2 * 3_600_000],
    ["or until the vendor's own midnight", retry("day", 5_000), 5_000],
  ])("waits %s, and has not failed", (_, halt, forMs) => {
    expect(recover(halt)).toEqual({ kind: "wait", forMs, reason });
  });
});

describe("a pull that fails", () => {
  test("for once is tried again in a minute, and not before the vendor says", () => {
    expect(recover(retry("call", null))).toMatchObject({ kind: "failed", firstRetryInMs: minuteMs });
    expect(recover(retry("call", 5 * minuteMs))).toMatchObject({ kind: "failed", firstRetryInMs: 5 * minuteMs });
  });

  test("for a reason that a person has to mend is tried again in 15 minutes, and every 6 hours in the end", () => {
    const slow = { kind: "failed", firstRetryInMs: 15 * minuteMs, longestRetryInMs: 360 * minuteMs };
    expect(recover({ kind: "fatal", reason })).toMatchObject({ ...slow, reason });
    const forbidden = recover({ kind: "forbidden", missing: "crm.objects.contacts.read", reason });
    expect(forbidden).toMatchObject({ ...slow, reason: `${reason}; missing: crm.objects.contacts.read` });
  });

  test("asks for a new token once, then says what to do", () => {
    const halt: Halt = { kind: "reauthenticate", reason };
    expect(recover(halt)).toEqual({ kind: "again", tries: { ...tries, hasNewToken: true }, needsToken: true });
    const failed = { kind: "failed", reason: expect.stringContaining("check its credentials") };
    expect(recover(halt, { hasNewToken: true })).toMatchObject(failed);
    expect(recover(halt, {}, false)).toMatchObject(failed);
  });

  test("begins anew once when its cursor is no good", () => {
    const halt: Halt = { kind: "reset-cursor", reason };
    expect(recover(halt)).toMatchObject({ kind: "again", tries: { cursor: null, hasNewCursor: true } });
    expect(recover(halt, { hasNewCursor: true })).toMatchObject({ kind: "failed" });
  });

  test("asks for less and less, six times", () => {
    const halt: Halt = { kind: "shrink-window", reason };
    expect(recover(halt, { shrink: 5 })).toMatchObject({ kind: "again", tries: { cursor: { page: 7 }, shrink: 6 } });
    expect(recover(halt, { shrink: 6 })).toMatchObject({ kind: "failed" });
  });
});
