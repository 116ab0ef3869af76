import { describe, expect, test } from "vitest";
import { parseChannels } from "../../src/playbooks/channels.ts";
import { parseOwners, resolveOwner } from "../../src/playbooks/owners.ts";
import { faultText } from "../../src/scoring/fault.ts";

const slack = { id: "alerts", kind: "slack", url: { env: "SLACK_URL" } };
const email = { id: "mail", kind: "email", from: "Acme <care@example.com>", host: "smtp.example.com", port: 587 };
const webhook = { id: "hooks", kind: "webhook", url: "https://example.com/in", secret: { env: "HOOK_SECRET" } };

function channelFaults(...channels: readonly unknown[]): readonly string[] {
  const parsed = parseChannels({ channels });
  return "faults" in parsed ? parsed.faults.map(faultText) : [];
}

describe("channels.json", () => {
  test("takes each kind, live and as an outbox", () => {
    const login = {
      user: { env: "SMTP_USER" },
      password: { env: "SMTP_PASSWORD" },
      secure: true,
      replyTo: "a@example.com",
    };
    const parsed = parseChannels({
      channels: [
        slack,
        { ...email, ...login },
        webhook,
        { id: "alerts-kept", kind: "slack", transport: "outbox" },
        { id: "mail-kept", kind: "email", transport: "outbox", from: "care@example.com" },
        { id: "hooks-kept", kind: "webhook", transport: "outbox" },
      ],
    });
    expect(parsed).toMatchObject({ channels: [{}, {}, { allowPrivate: false }, {}, {}, {}] });
  });

  test.each([
    ["a Slack channel without its URL", { ...slack, url: undefined }, "channels[0].url: is missing"],
    ["a mail channel without a host", { ...email, host: undefined }, "channels[0].host"],
    [
      "a sender that is not one",
      { ...email, from: "Acme" },
      'channels[0].from: expected "a@b" or "Name <a@b>" (met "Acme")',
    ],
    ["a sender of two lines", { ...email, from: "A\r\nBcc: v <a@example.com>" }, "channels[0].from"],
    [
      "a kind there is none of",
      { ...slack, kind: "slak" },
      'channels[0].kind: expected "slack" or "email" or "webhook"',
    ],
    ["an unknown key", { ...webhook, secrets: 1 }, 'unknown key "secrets"; did you mean "secret"?'],
    ["plain http", { ...webhook, url: "http://example.com/in" }, "channels[0].url: expected https"],
    ["another protocol", { ...webhook, url: "file:///etc/passwd" }, "channels[0].url"],
    ["an unknown transport", { ...slack, transport: "pigeon" }, "channels[0].transport"],
    ["a user without a password", { ...email, user: "care" }, "channels[0]: expected user and password both"],
    ["something that is no channel", 7, "channels[0]: expected an object"],
  ])("refuses %s", (_name, channel, expected) => {
    expect(channelFaults(channel).join("\n")).toContain(expected);
  });

  test("takes plain http together with allowPrivate", () => {
    expect(channelFaults({ ...webhook, url: "http://example.com/in", allowPrivate: true })).toEqual([]);
  });

  test("refuses two channels of one id", () => {
    expect(channelFaults(slack, { ...webhook, id: "alerts" })).toEqual([
      'channels[1].id: this id is used twice (met "alerts")',
    ]);
  });

  test("tells the faults of all channels at once", () => {
    expect(channelFaults({ ...slack, url: 1 }, { ...email, port: 0 }, {})).toHaveLength(3);
  });

  test.each([
    ["url", { ...slack, url: "https://hooks.example.com/CANARY" }],
    ["password", { ...email, password: "CANARY" }],
    ["secret", { ...webhook, secret: "CANARY" }],
    ["an environment name", { ...webhook, secret: { env: "whsec_CANARY+/=" } }],
    ["an unknown key", { ...slack, token: "CANARY" }],
    ["a url with a login", { ...webhook, url: "ftp://CANARY@example.com" }],
  ])("refuses a secret written as %s without repeating it", (_name, channel) => {
    const faults = channelFaults(channel);
    expect(faults).toHaveLength(1);
    expect(faults.join()).not.toContain("CANARY");
  });

  test("says how a secret is given", () => {
    expect(channelFaults({ ...webhook, secret: "CANARY" }).join()).toContain('{"env": "NAME"}');
  });
});

describe("owners.json", () => {
  const ada = { id: "ada", name: "Ada", email: "ada@example.com" };
  const bo = { id: "bo", name: "Bo", email: "bo@example.com", slackId: "U012AB3CD", zone: "Europe/Vienna" };

  function ownerFaults(document: unknown): readonly string[] {
    const parsed = parseOwners(document);
    return "faults" in parsed ? parsed.faults.map(faultText) : [];
  }

  test.each([
    ["an owner listed twice", { owners: [ada, ada] }, "owners[1].id: this owner is listed twice"],
    ["a fallback that is not listed", { owners: [ada], fallback: "bo" }, "fallback: expected the id of a listed owner"],
    [
      "a Slack id that is a mention",
      { owners: [{ ...ada, slackId: "!channel" }] },
      "owners[0].slackId: expected a Slack member id",
    ],
    ["an address that is none", { owners: [{ ...ada, email: "ada" }] }, "owners[0].email"],
    ["a zone there is none of", { owners: [{ ...ada, zone: "Mars/Base" }] }, "owners[0].zone"],
    [
      "an unknown key",
      { owners: [{ ...ada, mail: "x" }] },
      'owners[0].mail: unknown key "mail"; did you mean "email"?',
    ],
    ["cover when away", { owners: [{ ...ada, cover: "bo" }] }, '"cover" is not supported yet'],
    ["no list", {}, "owners: is missing: expected a list"],
  ])("refuses %s", (_name, document, expected) => {
    expect(ownerFaults(document).join("\n")).toContain(expected);
  });

  test("finds the owner an account names, else the fallback, else nobody", () => {
    const owners = { owners: [ada, bo], fallback: "bo" };
    expect(resolveOwner(owners, "ada")).toBe(ada);
    expect(resolveOwner(owners, "gone")).toBe(bo);
    expect(resolveOwner(owners, null)).toBe(bo);
    expect(resolveOwner({ owners: [ada] }, null)).toBeNull();
  });
});
