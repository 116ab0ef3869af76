import { describe, expect, test } from "vitest";
import { customerLinks } from "../../../src/playbooks/customer-links.ts";
import { admitMail, noPause } from "../../../src/playbooks/mail/customer-mail.ts";
import { type CustomerSending, customerSending } from "../../../src/playbooks/mail/customer-sending.ts";

const now = Date.parse("2026-05-03T12:00:00Z");
const linksOf = (url: string, isPublic = true) => customerLinks({ url, isPublic }, (_purpose, content) => content);
const account = { links: linksOf("https://keepwell.example.com"), pauseOf: noPause, zone: "Etc/UTC" };
const confirmed: CustomerSending = { kind: "confirmed", words: "example.com" };
const kept: CustomerSending = { kind: "kept" };

describe("a mail to a customer", () => {
  test("goes with the way out of the list, the same however the address is written", () => {
    const link = "https://keepwell.example.com/u/kim@example.com";
    for (const address of ["kim@example.com", "Kim@Example.COM"]) {
      expect(admitMail(address, confirmed, account)).toEqual({ kind: "go", unsubscribeLink: link });
    }
  });

  test.each([
    ["nobody knows the address of the server", null, "KEEPWELL_PUBLIC_URL is not set"],
    ["the server is reached on this machine only", linksOf("http://127.0.0.1:7373", false), "is not set"],
    ["mail programs could not go the way out", linksOf("http://keepwell.example.com"), "is not https"],
  ])("is passed over where %s; an outbox keeps it all the same", (_what, links, reason) => {
    expect(admitMail("kim@example.com", confirmed, { ...account, links })).toEqual({
      kind: "skip",
      reason: expect.stringContaining(`nobody could unsubscribe from it: KEEPWELL_PUBLIC_URL`),
    });
    expect(admitMail("kim@example.com", confirmed, { ...account, links })).toMatchObject({
      reason: expect.stringContaining(reason),
    });
    expect(admitMail("kim@example.com", kept, { ...account, links })).toMatchObject({ kind: "go" });
  });

  test("waits, by an outbox too, until the address has had less than its share", () => {
    const pauseOf = () => ({ until: now, words: "2 of 2 mails within 7 days" });
    for (const sending of [confirmed, kept]) {
      expect(admitMail("kim@example.com", sending, { ...account, pauseOf })).toEqual({
        kind: "wait",
        until: now,
        reason: "2 of 2 mails within 7 days to this address: waiting until 3 May 2026 at 12:00 (Etc/UTC)",
      });
    }
  });

  test("that is off counts for nothing", () => {
    const pauseOf = () => {
      throw new Error("it was counted");
    };
    const off: CustomerSending = { kind: "off", reason: "mail to customers is off" };
    expect(admitMail("kim@example.com", off, { ...account, pauseOf })).toEqual({
      kind: "skip",
      reason: "mail to customers is off",
    });
  });
});

describe("a channel", () => {
  const from = "Acme <care@Mail.Example.com>";
  const customerMail = { domain: "mail.example.com", confirmedOn: "2026-05-01", confirmedBy: "anna" };
  test.each([
    ["whose domain was confirmed", { from, customerMail }, "confirmed", "confirmed by anna on 1 May 2026"],
    ["of which nobody confirmed anything", { from }, "off", 'of the channel "mail" confirms no domain'],
    [
      "that sends from another domain than was confirmed",
      { from: "care@example.com", customerMail },
      "off",
      'confirms mail.example.com, the channel "mail" sends as example.com',
    ],
    ["that is an outbox", { from, transport: "outbox" }, "kept", ""],
  ])("%s sends to customers as it should", (_what, channel, kind, words) => {
    const sending = customerSending({ id: "mail", ...channel });
    expect(sending.kind).toBe(kind);
    expect(JSON.stringify(Object.values(sending))).toContain(JSON.stringify(words).slice(1, -1));
  });
});
