import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChannels } from "../../src/playbooks/channels.ts";
import { type Owner, type Owners, parseOwners, resolveOwner } from "../../src/playbooks/owners.ts";
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
    [
      "a manager who is not listed",
      { owners: [{ ...ada, manager: "eve" }] },
      "owners[0].manager: expected the id of a listed owner",
    ],
    [
      "an owner who is their own manager",
      { owners: [{ ...ada, manager: "ada" }] },
      "owners[0].manager: managers go round in a circle, ada under ada",
    ],
    [
      "managers who go round in a circle",
      {
        owners: [
          { ...ada, manager: "bo" },
          { id: "bo", name: "Bo", email: "bo@example.com", manager: "ada" },
          { id: "cy", name: "Cy", email: "cy@example.com", manager: "ada" },
        ],
      },
      "owners[0].manager: managers go round in a circle, ada under bo under ada",
    ],
    ["a zone there is none of", { owners: [{ ...ada, zone: "Mars/Base" }] }, "owners[0].zone"],
    [
      "an unknown key",
      { owners: [{ ...ada, mail: "x" }] },
      'owners[0].mail: unknown key "mail"; did you mean "email"?',
    ],
    ["a region without its country", { owners: [{ ...ada, region: "BY" }] }, "owners[0].region: a region needs"],
    [
      "an absence that ends before it begins",
      { owners: [{ ...ada, away: [{ from: "2026-05-04", to: "2026-05-01" }] }] },
      "owners[0].away[0].to: is before 2026-05-04, on which the absence begins",
    ],
    [
      "absences that overlap",
      {
        owners: [
          {
            ...ada,
            away: [
              { from: "2026-05-01", to: "2026-05-04" },
              { from: "2026-05-04", to: "2026-05-09" },
            ],
          },
        ],
      },
      "owners[0].away[1]: overlaps the absence from 2026-05-01",
    ],
    [
      "a cover who is not listed",
      { owners: [{ ...ada, away: [{ from: "2026-05-01", to: "2026-05-04", cover: "eve" }] }] },
      "owners[0].away[0].cover: expected the id of a listed owner",
    ],
    [
      "who covers for herself",
      { owners: [{ ...ada, away: [{ from: "2026-05-01", to: "2026-05-04", cover: "ada" }] }] },
      "owners[0].away[0].cover: nobody is left on 2026-05-01: covers go round in a circle, ada by ada",
    ],
    [
      "covers in a circle",
      {
        owners: [
          { ...ada, away: [{ from: "2026-05-01", to: "2026-05-09", cover: "bo" }] },
          { ...bo, away: [{ from: "2026-05-09", to: "2026-05-12", cover: "ada" }] },
        ],
      },
      "owners[1].away[0].cover: nobody is left on 2026-05-09: covers go round in a circle, bo by ada by bo",
    ],
    ["no list", {}, "owners: is missing: expected a list"],
  ])("refuses %s", (_name, document, expected) => {
    expect(ownerFaults(document).join("\n")).toContain(expected);
  });

  const day = "2026-05-05";
  const cy = { id: "cy", name: "Cy", email: "cy@example.com" };
  const away = (cover?: string) => [{ from: "2026-05-01", to: "2026-05-09", cover }];
  const team = (listed: readonly Owner[], fallback?: string): Owners => ({
    owners: [...listed],
    fallback,
    onOwnerChange: "move",
  });

  test("finds the owner an account names, else the fallback, else nobody", () => {
    const owners = team([ada, bo], "bo");
    expect(resolveOwner(owners, "ada", day)).toEqual({ owner: ada, standsInFor: null });
    expect(resolveOwner(owners, "gone", day).owner).toBe(bo);
    expect(resolveOwner(owners, null, day).owner).toBe(bo);
    expect(resolveOwner(team([ada]), null, day).owner).toBeNull();
  });

  const stories: readonly (readonly [
    name: string,
    listed: readonly Owner[],
    fallback: string | undefined,
    on: string,
  ])[] = [
    ["who is away is covered", [{ ...ada, away: away("bo") }, bo], undefined, "bo"],
    [
      "a cover who is away is covered in turn",
      [{ ...ada, away: away("bo") }, { ...bo, away: away("cy") }, cy],
      undefined,
      "cy",
    ],
    ["where nobody is named the fallback covers", [{ ...ada, away: away() }, bo], "bo", "bo"],
    [
      "where a cover is away without one the fallback covers",
      [{ ...ada, away: away("bo") }, { ...bo, away: away() }, cy],
      "cy",
      "cy",
    ],
    [
      "a fallback who is away is covered as well",
      [{ ...ada, away: away() }, { ...bo, away: away("cy") }, cy],
      "bo",
      "cy",
    ],
    [
      "where everybody is away it stays with the owner",
      [
        { ...ada, away: away("bo") },
        { ...bo, away: away() },
      ],
      "ada",
      "ada",
    ],
    ["nobody but the owner, who is away", [{ ...ada, away: away() }], undefined, "ada"],
  ];
  test.each(stories)("%s", (_name, listed, fallback, on) => {
    const owners = team(listed, fallback);
    expect(resolveOwner(owners, "ada", day).owner?.id).toBe(on);
    expect(resolveOwner(owners, "ada", "2026-04-30").owner?.id).toBe("ada");
    expect(resolveOwner(owners, "ada", "2026-05-10").owner?.id).toBe("ada");
  });

  test("says for whom somebody stands in, and until when", () => {
    const owners = team([{ ...ada, away: away("bo") }, bo]);
    expect(resolveOwner(owners, "ada", "2026-05-09").standsInFor).toMatchObject({
      owner: { id: "ada" },
      until: "2026-05-09",
    });
  });

  test("whatever the absences, somebody who is there is found if anybody can be, and documents that pass have no circle", () => {
    const ids = ["a", "b", "c", "d"];
    const absence = fc.record({
      from: fc.integer({ min: 1, max: 9 }),
      length: fc.integer({ min: 0, max: 5 }),
      cover: fc.option(fc.constantFrom(...ids), { nil: undefined }),
    });
    const plans = fc.tuple(...ids.map(() => fc.option(absence)));
    fc.assert(
      fc.property(
        plans,
        fc.constantFrom(...ids, undefined),
        fc.integer({ min: 1, max: 15 }),
        (absences, fallback, on) => {
          const dayOf = (number: number) => `2026-05-${String(number).padStart(2, "0")}`;
          const listed = absences.map((one, index) => ({
            ...ada,
            id: ids[index] ?? "",
            ...(one === null
              ? {}
              : { away: [{ from: dayOf(one.from), to: dayOf(one.from + one.length), cover: one.cover }] }),
          }));
          const isAway = (id: string) => {
            const one = absences[ids.indexOf(id)];
            return one != null && one.from <= on && on <= one.from + one.length;
          };
          const { owner, standsInFor } = resolveOwner(team(listed, fallback), "a", dayOf(on));
          expect(standsInFor === null).toBe(owner?.id === "a");
          if (standsInFor !== null) expect(isAway(owner?.id ?? "")).toBe(false);
          if (!isAway("a")) expect(owner?.id).toBe("a");
          else if (fallback !== undefined && !isAway(fallback)) expect(isAway(owner?.id ?? "")).toBe(false);
          const parsed = parseOwners({ owners: listed });
          const circle = "faults" in parsed && parsed.faults.some(({ message }) => message.includes("circle"));
          expect(circle).toBe(hasCircle(absences, ids));
        },
      ),
      { numRuns: 300 },
    );
  });
});

type Away = { readonly from: number; readonly length: number; readonly cover: string | undefined } | null;

/** Day by day and owner by owner. */
function hasCircle(absences: readonly Away[], ids: readonly string[]): boolean {
  const coverOn = (id: string, on: number): string | null => {
    const one = absences[ids.indexOf(id)];
    return one != null && one.from <= on && on <= one.from + one.length ? (one.cover ?? null) : null;
  };
  for (let on = 1; on <= 15; on++) {
    for (const id of ids) {
      let next = coverOn(id, on);
      for (let step = 0; step < ids.length && next !== null && next !== id; step++) next = coverOn(next, on);
      if (next === id) return true;
    }
  }
  return false;
}
