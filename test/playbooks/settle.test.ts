import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/playbooks/message.ts";
import { settleAbandoned, settleAttempt, type TriedAction } from "../../src/playbooks/settle.ts";

const now = Date.UTC(2026, 4, 1);
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const customerMail: TriedAction = {
  kind: "email",
  attempt: 1,
  firstAttemptAt: now,
  isCustomer: true,
  mayRepeat: false,
};
const teamMail: TriedAction = { ...customerMail, isCustomer: false };
const slack: TriedAction = { ...teamMail, kind: "slack" };
const webhook: TriedAction = { ...teamMail, kind: "webhook" };

const retry: Outcome = { kind: "retry", reason: "503" };
const unknown: Outcome = { kind: "unknown", reason: "no answer" };

describe("an attempt that has ended", () => {
  test.each([
    ["is sent", webhook, { kind: "sent", reason: "200" }, { state: "sent", dueAt: null }],
    [
      "has failed for good",
      slack,
      { kind: "failed", reason: "400" },
      { state: "failed", dueAt: null, disableChannel: false },
    ],
    [
      "was refused for ever: the channel is disabled",
      webhook,
      { kind: "failed", reason: "410", disableChannel: true },
      { state: "failed", disableChannel: true },
    ],
    [
      "surely did not arrive: it is tried again after the first wait",
      webhook,
      retry,
      { state: "retry", dueAt: now + 5 * second, mayRepeat: false },
    ],
    [
      "surely did not arrive at the mail server: again after a minute",
      customerMail,
      retry,
      { state: "retry", dueAt: now + minute, mayRepeat: false },
    ],
    ["left a customer's mail in doubt: an operator decides", customerMail, unknown, { state: "unknown", dueAt: null }],
    ["left our team's mail in doubt: again, marked", teamMail, unknown, { state: "retry", mayRepeat: true }],
    [
      "left a Slack message in doubt: again, marked",
      slack,
      unknown,
      { state: "retry", mayRepeat: true, dueAt: now + 5 * second },
    ],
    [
      "left a Slack message in doubt twice: an operator decides",
      { ...slack, attempt: 2, mayRepeat: true },
      unknown,
      { state: "unknown" },
    ],
    [
      "left our team's mail in doubt twice: an operator decides",
      { ...teamMail, attempt: 2, mayRepeat: true },
      unknown,
      { state: "unknown" },
    ],
    [
      "left a webhook in doubt: again, as its receiver dedupes",
      { ...webhook, attempt: 2 },
      unknown,
      { state: "retry", mayRepeat: false, dueAt: now + 5 * minute },
    ],
    [
      "stays marked once it was in doubt",
      { ...slack, attempt: 2, mayRepeat: true },
      retry,
      { state: "retry", mayRepeat: true },
    ],
    [
      "was the last one: given up",
      { ...webhook, attempt: 10, firstAttemptAt: now - 76 * hour },
      retry,
      { state: "failed", reason: "given up after 10 attempts over 3 days: 503" },
    ],
    [
      "was the last one and in doubt: an operator decides",
      { ...slack, attempt: 10 },
      unknown,
      { state: "unknown", mayRepeat: false },
    ],
  ] satisfies readonly (readonly [string, TriedAction, Outcome, object])[])(
    "that %s",
    (_name, action, outcome, expected) => {
      expect(settleAttempt(action, outcome, 0, now)).toMatchObject(expected);
    },
  );

  test.each([
    ["longer than our own wait", 90 * second, 90 * second],
    ["shorter than our own wait", second, 5 * second],
    ["longer than a day", 48 * hour, 24 * hour],
    ["not a number", Number.NaN, 5 * second],
    ["negative", -hour, 5 * second],
  ])("waits as asked by the receiver, when that is %s", (_name, afterMs, wait) => {
    expect(settleAttempt(webhook, { ...retry, afterMs }, 0, now).dueAt).toBe(now + wait);
  });
});

describe("the waits between attempts", { timeout: 60_000 }, () => {
  const kinds = [
    { kind: "webhook", least: 72 * hour, most: 120 * hour },
    { kind: "email", least: 24 * hour, most: 48 * hour },
    { kind: "slack", least: 12 * hour, most: 24 * hour },
  ] as const;

  test.each(kinds)(
    "span at least $least and at most $most ms for $kind, whatever the jitter",
    ({ kind, least, most }) => {
      fc.assert(
        fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (jitters) => {
          let at = now;
          let action: TriedAction = { ...webhook, kind };
          for (;;) {
            const settled = settleAttempt(action, retry, jitters.next().value ?? 0, at);
            if (settled.dueAt === null) break;
            expect(settled.dueAt).toBeGreaterThan(at);
            at = settled.dueAt;
            action = { ...action, attempt: action.attempt + 1 };
          }
          expect(at - now).toBeGreaterThanOrEqual(least);
          expect(at - now).toBeLessThanOrEqual(most);
        }),
      );
    },
  );

  test("are lengthened by jitter by up to half, and never shortened", () => {
    const kind = fc.constantFrom(webhook, customerMail, slack);
    const attempt = fc.integer({ min: 1, max: 9 });
    const jitter = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(-1, 2, Number.NaN));
    fc.assert(
      fc.property(kind, attempt, jitter, (base, tried, share) => {
        const action = { ...base, attempt: tried };
        const plain = (settleAttempt(action, retry, 0, now).dueAt ?? 0) - now;
        const spread = (settleAttempt(action, retry, share, now).dueAt ?? 0) - now;
        expect(spread).toBeGreaterThanOrEqual(plain);
        expect(spread).toBeLessThanOrEqual(plain * 1.5);
      }),
    );
  });
});

describe("an action whose worker is gone", () => {
  test("is free again at once when nothing was begun, also for a customer", () => {
    for (const action of [customerMail, slack, webhook]) {
      const settled = settleAbandoned({ ...action, state: "claimed" }, 0.5, now);
      expect(settled).toMatchObject({ state: "retry", dueAt: now, mayRepeat: false });
    }
  });

  test.each([
    ["customer's mail is left to an operator", customerMail, { state: "unknown", dueAt: null }],
    ["team's mail is repeated, marked", teamMail, { state: "retry", mayRepeat: true }],
    ["Slack message is repeated, marked", slack, { state: "retry", mayRepeat: true }],
    ["repeated Slack message is left to an operator", { ...slack, mayRepeat: true }, { state: "unknown" }],
    ["webhook is sent again", webhook, { state: "retry", mayRepeat: false }],
    [
      "field of a CRM is written again",
      { ...webhook, kind: "crm-field" } as const,
      { state: "retry", mayRepeat: false },
    ],
  ])("while sending: a %s", (_name, action, expected) => {
    expect(settleAbandoned({ ...action, state: "sending" }, 0, now)).toMatchObject(expected);
  });

  test("is given up when every worker that claims it ends", () => {
    let attempt = 1;
    while (settleAbandoned({ ...customerMail, state: "claimed", attempt }, 0, now).state === "retry") attempt += 1;
    expect(attempt).toBe(15);
    expect(settleAbandoned({ ...customerMail, state: "claimed", attempt }, 0, now)).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("claimed 15 times"),
    });
  });
});
