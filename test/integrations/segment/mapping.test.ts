import { describe, expect, test } from "vitest";
import { keepBody } from "../../../src/integrations/segment/kept-body.ts";
import { openReader } from "../../../src/integrations/segment/mapping.ts";
import { segmentSettings } from "../../../src/integrations/segment/settings.ts";
import type { Input } from "../../../src/scoring/records.ts";
import { mapContext } from "../pull-context.ts";

const now = new Date("2026-03-10T12:00:00.000Z");
const at = "2026-03-10T11:59:00.000Z";

const settingsOf = (more: object = {}) =>
  segmentSettings.parse({ id: "product", kind: "segment", writeKeys: { env: "KEY" }, ...more });

function keepEvents(batch: readonly unknown[], sentAt: string | null) {
  const value = { batch, sentAt };
  return keepBody("batch", { text: JSON.stringify(value), value }, now);
}

/** What events come to that arrive at noon; sent at the same moment unless told. */
function read(events: readonly object[], options: { settings?: object; sentAt?: string; zone?: string } = {}) {
  const { settings, sentAt = now.toISOString(), zone = "UTC" } = options;
  const { body } = keepEvents(events, sentAt);
  return openReader(settingsOf(settings))(body, { ...mapContext(now), zone });
}

const inputsOf = (...given: Parameters<typeof read>): readonly Input[] => read(...given).mapped?.inputs ?? [];
const track = (more: object = {}) => ({
  type: "track",
  event: "Report Created",
  messageId: "m1",
  userId: "u1",
  timestamp: at,
  context: { groupId: "acme" },
  ...more,
});

describe("usage", () => {
  test("a track call counts under the name of its event, once for its message, by its user", () => {
    expect(inputsOf([track()])).toEqual([
      {
        kind: "usage",
        mode: "event",
        account: "acme",
        name: "report_created",
        day: "2026-03-10",
        value: 1,
        id: "report_created m1",
        user: "u1",
      },
    ]);
  });

  test.each([
    ["page", "page_views"],
    ["screen", "screen_views"],
  ])("a %s call counts as %s", (type, usage) => {
    expect(inputsOf([track({ type, name: "Pricing" })])).toMatchObject([{ name: usage, account: "acme" }]);
  });

  test("with rules only what they name counts", () => {
    const settings = {
      rules: [
        { event: "Report Created", usage: "pages", sum: "properties.pages" },
        { call: "page", event: "Pricing", usage: "price_views" },
      ],
    };
    const events = [
      track({ properties: { pages: 7 } }),
      track({ event: "Other", messageId: "m2" }),
      track({ type: "page", name: "Pricing", messageId: "m3" }),
      track({ type: "page", name: "Home", messageId: "m4" }),
      track({ type: "screen", name: "Home", messageId: "m5" }),
    ];
    expect(inputsOf(events, { settings })).toMatchObject([
      { name: "pages", value: 7 },
      { name: "price_views", value: 1 },
    ]);
  });

  test("a rule that counts users counts each of an account once a day", () => {
    const settings = { rules: [{ event: "*", usage: "active_users", count: "users" }] };
    const ids = inputsOf(
      [
        track(),
        track({ messageId: "m2" }),
        track({ messageId: "m3", userId: "u2" }),
        track({ messageId: "m4", context: { groupId: "umbrella" } }),
        track({ messageId: "m5", timestamp: "2026-03-09T11:00:00Z" }),
      ],
      { settings },
    ).map((input) => input.id);
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(4);
  });

  test.each([
    ["context.groupId first", { context: { groupId: "a" }, properties: { groupId: "b" } }, "a"],
    ["a property of the settings next", { context: {}, properties: { accountId: 77 } }, "77"],
    ["its user's account else", { context: {}, properties: {} }, "user:u1"],
  ])("an event belongs to %s", (_, more, account) => {
    expect(inputsOf([track(more)])).toMatchObject([{ account }]);
  });

  test("a visitor whom nobody knows is not kept", () => {
    expect(read([track({ userId: null, anonymousId: "v1", context: {} })])).toEqual({
      ignored: "1 event: neither a group nor a user is named",
    });
  });

  test("the day is the company's", () => {
    const late = track({ timestamp: "2026-03-09T23:30:00Z" });
    expect(inputsOf([late], { zone: "Europe/Vienna" })).toMatchObject([{ day: "2026-03-10" }]);
    expect(inputsOf([late], { zone: "America/New_York" })).toMatchObject([{ day: "2026-03-09" }]);
  });

  test("usage that comes in says that the days before are complete", () => {
    expect(read([track()]).mapped?.coveredThrough).toBe("2026-03-09");
    expect(read([{ type: "group", groupId: "acme" }]).mapped?.coveredThrough).toBeUndefined();
  });
});

describe("time", () => {
  test.each([
    ["a clock that is right is believed", "2026-03-09T10:00:00Z", "2026-03-10T12:00:00Z", "2026-03-09"],
    ["the way through the network moves nothing", "2026-03-09T23:59:59Z", "2026-03-10T11:59:30Z", "2026-03-09"],
    ["a clock a day behind is set right", "2026-03-08T10:00:00Z", "2026-03-09T12:00:00Z", "2026-03-09"],
    ["a clock a day ahead is set right", "2026-03-11T11:00:00Z", "2026-03-11T12:00:00Z", "2026-03-10"],
  ])("%s", (_, timestamp, sentAt, day) => {
    expect(inputsOf([track({ timestamp })], { sentAt })).toMatchObject([{ day }]);
  });

  test("what Segment has corrected is not corrected again", () => {
    const event = track({
      timestamp: "2026-03-09T10:00:00Z",
      originalTimestamp: "2026-03-08T10:00:00Z",
      receivedAt: "2026-03-09T12:00:00Z",
    });
    expect(inputsOf([event], { sentAt: "2026-03-09T12:00:00Z" })).toMatchObject([{ day: "2026-03-09" }]);
  });

  test("an event without a time happened when it came", () => {
    expect(inputsOf([track({ timestamp: undefined })])).toMatchObject([{ day: "2026-03-10" }]);
  });

  test.each([
    ["2026-03-10T13:30:00Z", "its time lies in the future"],
    ["2025-01-01T00:00:00Z", "it is more than 400 days old"],
  ])("an event of %s is passed over: %s", (timestamp, reason) => {
    expect(read([track({ timestamp })])).toEqual({ ignored: `1 event: ${reason}` });
  });
});

describe("groups and people", () => {
  test("a group call makes an account, its claims and its user's membership", () => {
    const traits = {
      name: " Acme ",
      website: "https://www.acme.example/about",
      industry: "Rockets",
      address: { country: "AT" },
      plan: "pro",
      employees: 40,
      mrr: 1200,
      "Billing plan": "yearly",
      tags: ["a"],
      trial: false,
    };
    expect(read([{ type: "group", groupId: 17, userId: "u1", traits, timestamp: at }]).mapped).toMatchObject({
      inputs: [
        {
          kind: "account",
          id: "17",
          at,
          set: {
            name: "Acme",
            domain: "acme.example",
            industry: "Rockets",
            country: "AT",
            fields: { plan: "pro", employees: 40, mrr: 1200, billing_plan: "yearly", trial: false },
          },
        },
      ],
      claims: [{ externalId: "17", name: "Acme", ourKey: "17", domains: ["acme.example"] }],
      users: [{ user: "u1", account: "17", at }],
    });
  });

  test("ids of groups that are no keys of ours claim none", () => {
    const { mapped } = read([{ type: "group", groupId: "g1" }], { settings: { idsAreKeys: false } });
    expect(mapped?.claims).toEqual([{ externalId: "g1", name: null, ourKey: null, domains: [] }]);
  });

  test.each([
    ["named by company", { traits: { email: "ann@acme.example", company: { id: "c1" } } }, "c1"],
    ["of its group", { context: { groupId: "g1" }, traits: { email: "ann@acme.example" } }, "g1"],
    ["of its user", { traits: { email: "ann@acme.example" } }, "user:u1"],
  ])("an identify call with an address is a contact of the account %s", (_, more, account) => {
    expect(inputsOf([{ type: "identify", userId: "u1", timestamp: at, ...more }])).toEqual([
      { kind: "contact", id: "u1", account, at, set: { email: "ann@acme.example" } },
    ]);
  });

  test("a name is put together from its parts", () => {
    const traits = { email: "ann@acme.example", firstName: "Ann", lastName: "Lee", title: "CTO" };
    expect(inputsOf([{ type: "identify", userId: "u1", traits }])).toMatchObject([
      { set: { name: "Ann Lee", title: "CTO" } },
    ]);
  });

  test.each([
    ["without an address", { userId: "u1", traits: { name: "Ann" } }],
    ["with no address", { userId: "u1", traits: { email: "ann" } }],
    ["of a visitor", { anonymousId: "v1", traits: { email: "ann@acme.example" } }],
  ])("an identify call %s is nobody", (_, more) => {
    expect(read([{ type: "identify", ...more }])).toEqual({ ignored: "nothing in it counts" });
  });
});

test("one bad event costs itself only, and the reasons are counted", () => {
  const odd: unknown[] = [null, 7, [], {}, { type: "purchase" }, { type: "track", userId: "u1" }, { type: "group" }];
  const { body } = keepEvents([...odd, track()], null);
  const reading = openReader(settingsOf())(body, mapContext(now));
  expect(reading.mapped?.inputs).toHaveLength(1);
  expect(reading.mapped?.skipped).toBe(
    "5 events: no event of the protocol; 1 event: a track call without event; 1 event: a group call without groupId",
  );
});

test("fields of a wrong type are as if they were not there", () => {
  const event = track({
    traits: "x",
    properties: [],
    context: "y",
    timestamp: "yesterday",
    userId: "u1",
    foo: { bar: 1 },
  });
  expect(inputsOf([event])).toMatchObject([{ account: "user:u1", day: "2026-03-10" }]);
});
