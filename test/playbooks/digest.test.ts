import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestDueAt } from "../../src/playbooks/digest/due.ts";
import type { DigestLine } from "../../src/playbooks/digest/line.ts";
import { digestEmail, digestSlack } from "../../src/playbooks/digest.ts";
import type { Owner } from "../../src/playbooks/owners.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import { parseDay } from "../../src/scoring/days.ts";

const ada: Owner = { id: "ada", name: "Ada", email: "ada@example.com", slackId: "U012AB3CD" };

function line(accountKey: string, parts: Partial<DigestLine> = {}): DigestLine {
  return {
    kind: "alert",
    accountKey,
    accountName: `${accountKey} Ltd`,
    playbookId: "save",
    playbookName: "Save at risk",
    isOfBand: false,
    score: 34.2,
    band: "red",
    reason: "score 34.2 is below 40",
    expectedLoss: 12_400,
    recovered: null,
    ...parts,
  };
}

const lines = (count: number, parts: Partial<DigestLine> = {}) =>
  Array.from({ length: count }, (_, index) => line(`a${index}`, { expectedLoss: 1000 - index, ...parts }));
const mailOf = (those: readonly DigestLine[]) =>
  digestEmail({ id: 7, owner: ada, lines: those, currency: "EUR" }, { to: ada.email, domain: "acme.example.com" });
const slackOf = (those: readonly DigestLine[]) => digestSlack({ id: 7, owner: ada, lines: those, currency: "EUR" });

describe("the heading of a digest", () => {
  const band = { isOfBand: true };
  test.each([
    { what: "of a band", those: lines(7, band), heading: "7 accounts turned red" },
    { what: "of a band, for one", those: lines(1, band), heading: "1 account turned red" },
    {
      what: "of a band that some have left for another",
      those: [line("a", band), line("b", { ...band, band: "yellow" })],
      heading: "2 accounts: Save at risk",
    },
    {
      what: "of a band of which some have recovered",
      those: [line("a", band), line("b", { ...band, band: "green", recovered: "score 80" })],
      heading: "2 accounts turned red",
    },
    { what: "of one playbook", those: lines(3), heading: "3 accounts: Save at risk" },
    {
      what: "of two playbooks and one account",
      those: [line("a"), line("a", { playbookId: "renewal" })],
      heading: "1 account, 2 playbooks",
    },
    { what: "of held runs", those: lines(2, { kind: "held" }), heading: "2 alerts held back by the alert budget" },
  ] as const)("$what: $heading", ({ those, heading }) => {
    expect(mailOf(those).subject).toBe(heading);
  });
});

describe("a digest", () => {
  test("has a line for each account, the greatest expected loss first, what is not known last", () => {
    const mail = mailOf([
      line("small", { expectedLoss: 10 }),
      line("unknown", { expectedLoss: null, score: null, band: null }),
      line("large"),
    ]);
    expect(mail.text).toBe(
      [
        "3 accounts: Save at risk",
        "large Ltd (large) · score 34.2 · red · 12,400 EUR a year at stake\nscore 34.2 is below 40",
        "small Ltd (small) · score 34.2 · red · 10 EUR a year at stake\nscore 34.2 is below 40",
        "unknown Ltd (unknown) · score not known\nscore 34.2 is below 40",
        "-- \nkeepwell digest 7\n",
      ].join("\n\n"),
    );
    expect(mail).toMatchObject({ to: ada.email, messageId: "<kw-digest-7@acme.example.com>", audience: "team" });
  });

  test("names the playbook in each line where there are several", () => {
    const { text } = mailOf([line("a"), line("b", { playbookId: "renewal", playbookName: "Renewal" })]);
    expect(text).toContain("b Ltd (b) · Renewal · score 34.2");
  });

  test("tells of an account that has recovered since that it has", () => {
    const recovered = line("a", { recovered: "score 55.0 is at least 50" });
    expect(mailOf([recovered]).text).toContain("recovered since: score 55.0 is at least 50");
    expect(JSON.stringify(slackOf([recovered]).blocks)).toContain("~a Ltd~ (a)");
  });

  test("tells apart what the alert budget keeps back", () => {
    const { text } = mailOf([line("a"), line("b", { kind: "held", expectedLoss: 1e6 })]);
    expect(text.indexOf("a Ltd")).toBeLessThan(text.indexOf("1 alert held back by the alert budget"));
    expect(text.indexOf("1 alert held back")).toBeLessThan(text.indexOf("b Ltd"));
  });

  test("says how many more there are behind the fiftieth", () => {
    const { text } = mailOf(lines(62));
    expect(text).toContain("a49 Ltd");
    expect(text).not.toContain("a50 Ltd");
    expect(text).toContain("\n\nand 12 more\n");
  });

  test("mentions its owner in Slack, and nobody out of data", () => {
    const { blocks } = slackOf([line("a", { accountName: "<!channel> & <@U0EVIL>" })]);
    const text = JSON.stringify(blocks);
    expect(text).toContain("&lt;!channel&gt; &amp; &lt;@U0EVIL&gt;");
    expect(text).toContain("For <@U012AB3CD>");
  });

  test("brings no markup out of data into the mail", () => {
    const { html } = mailOf([line("a", { accountName: '<img src=x onerror="1">', reason: "a\u202eb\r\nBcc: c" })]);
    expect(html).not.toContain("<img");
    expect(html).toContain("ab Bcc: c");
  });

  test("fits into one message of Slack, whatever names and reasons it holds, and counts what it leaves out", () => {
    const wide = fc.string({ minLength: 0, maxLength: 400, unit: fc.constantFrom("<", "&", "x", "é", "\n") });
    const any = fc.record({ name: wide, reason: wide, isHeld: fc.boolean() });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 80 }), (those) => {
        const { blocks } = slackOf(
          those.map(({ name, reason, isHeld }, index) =>
            line(`a${index}`, { accountName: name, reason, kind: isHeld ? "held" : "alert" }),
          ),
        );
        const text = JSON.stringify(blocks);
        expect(blocks.length).toBeLessThanOrEqual(50);
        expect(text.length).toBeLessThan(12_500);
        const shown = text.match(/\(a\d+\)/g)?.length ?? 0;
        const more = Number(/and (\d+) more/.exec(text)?.[1] ?? 0);
        expect(shown + more).toBe(those.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a digest is due", () => {
  const calendar = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => new Set([parseDay("2026-04-06")]));
  const vienna = { zone: "Europe/Vienna", calendar };
  const nine = { atMinute: 540 };
  test.each([
    { what: "the same day before the time", now: "2026-03-10T06:00:00Z", at: "2026-03-10T08:00:00Z" },
    { what: "the next day once it has come", now: "2026-03-10T08:00:00Z", at: "2026-03-11T08:00:00Z" },
    { what: "on Monday over a weekend", now: "2026-03-13T09:00:00Z", at: "2026-03-16T08:00:00Z" },
    { what: "behind a holiday, by summer time", now: "2026-04-03T09:00:00Z", at: "2026-04-07T07:00:00Z" },
  ])("$what", ({ now, at }) => {
    expect(new Date(digestDueAt(nine, vienna, Date.parse(now))).toISOString()).toBe(new Date(at).toISOString());
  });

  test("so long after its first item where it has a window", () => {
    expect(digestDueAt({ windowMs: 3_600_000 }, vienna, 1000)).toBe(3_601_000);
  });
});
