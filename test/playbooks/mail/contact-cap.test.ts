import fc from "fast-check";
import { expect, test } from "vitest";
import { capMails } from "../../../src/playbooks/mail/contact-cap.ts";

const now = Date.parse("2026-05-03T12:00:00Z");
const day = 86_400_000;
const cap = { mails: 2, perMs: 7 * day };
const madeAt = (...daysAgo: readonly number[]) =>
  new Map([["kim@example.com", daysAgo.map((days) => now - days * day)]]);

test("a third mail within the time waits until the first of the two has left it", () => {
  const pauseOf = capMails(cap, madeAt(6, 1), now);
  expect(pauseOf("Kim@example.com")).toEqual({ until: now + day, words: "2 of 2 mails within 7 days" });
  expect(pauseOf("lee@example.com")).toBeNull();
});

test("what is let through counts at once, and what is older than the time does not", () => {
  const pauseOf = capMails(cap, madeAt(7, 3), now);
  expect(pauseOf("kim@example.com")).toBeNull();
  expect(pauseOf("kim@example.com")).toMatchObject({ until: now + 4 * day });
});

test("where more were sent than a cap that was lowered allows, as many must leave the time first", () => {
  expect(capMails(cap, madeAt(6, 5, 4), now)("kim@example.com")).toEqual({
    until: now + 2 * day,
    words: "3 of 2 mails within 7 days",
  });
});

test("no stretch of the time holds more mails than the cap, whoever asks when, and each pause ends in a mail", () => {
  const limits = fc.record({ mails: fc.integer({ min: 1, max: 4 }), perMs: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(limits, fc.array(fc.nat(20), { minLength: 1, maxLength: 40 }), (limit, gaps) => {
      const sent: number[] = [];
      let at = 0;
      for (const gap of gaps) {
        at += gap;
        const ask = () => capMails(limit, new Map([["a@example.com", sent]]), at)("a@example.com");
        const pause = ask();
        if (pause !== null) {
          expect(pause.until).toBeGreaterThan(at);
          at = pause.until;
          expect(ask()).toBeNull();
        }
        sent.push(at);
      }
      for (const from of sent) {
        expect(sent.filter((one) => one >= from && one < from + limit.perMs).length).toBeLessThanOrEqual(limit.mails);
      }
    }),
  );
});
