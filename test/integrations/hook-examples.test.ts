import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { openJsonHookSource } from "../../src/integrations/json-hook/source.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { parseSources } from "../../src/integrations/sources-schema.ts";
import { openStandardWebhooksSource } from "../../src/integrations/standard-webhooks/source.ts";
import { inputSchema } from "../../src/scoring/records.ts";
import { mapContext } from "./pull-context.ts";

const now = new Date("2026-03-10T12:00:00Z");
const whsec = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

async function open(name: string): Promise<Source> {
  const file = new URL(`../../examples/sources/${name}-hook.json`, import.meta.url);
  const parsed = parseSources(JSON.parse(await readFile(file, "utf8")));
  if ("faults" in parsed) throw new Error(JSON.stringify(parsed.faults));
  const [settings] = parsed.sources;
  if (settings?.kind === "json-hook") return openJsonHookSource(settings, () => "secret");
  if (settings?.kind === "standard-webhooks") return openStandardWebhooksSource(settings, () => whsec);
  throw new Error(`${name} is no hook`);
}

/** Invented bodies, as the documentation of the sender or the page of the example asks for them. */
const deliveries: readonly (readonly [string, unknown, readonly object[]])[] = [
  [
    "gainsight",
    {
      ...{ type: "nps", id: "r1", modifiedAt: "2026-03-09T10:00:00Z", score: 4, comment: "slow" },
      company: { externalId: "acme" },
      person: { email: "ann@example.com" },
    },
    [{ kind: "survey", account: "acme", set: { type: "nps", score: 4, comment: "slow", contact: "ann@example.com" } }],
  ],
  [
    "gainsight",
    {
      ...{ type: "activity", id: "a1", activityAt: "2026-03-09T10:00:00Z", activityType: "Call", subject: "Renewal" },
      ...{ company: { externalId: "acme" }, author: { email: "csm@example.com" } },
    },
    [{ kind: "touchpoint", set: { type: "call", by: "csm@example.com", note: "Renewal" } }],
  ],
  [
    "gainsight",
    {
      ...{
        type: "cta",
        id: "c1",
        modifiedAt: "2026-03-09T10:00:00Z",
        status: "Open",
        reason: "Risk",
        priority: "High",
      },
      company: { externalId: "acme" },
    },
    [{ kind: "event", id: "c1:Open", set: { name: "gainsight_cta", payload: { reason: "Risk", priority: "High" } } }],
  ],
  [
    "nextiva",
    {
      ...{ callId: "n1", disposition: "answered", endedAt: "03/09/2026 11:30 PM", notes: "asked for help" },
      ...{ customer: { accountId: "31" }, agent: { email: "csm@example.com" } },
    },
    [
      { kind: "touchpoint", account: "31", at: "2026-03-10T06:30:00.000Z", set: { type: "call" } },
      { kind: "usage", name: "support_calls", day: "2026-03-09", value: 1 },
    ],
  ],
  [
    "engagebay",
    {
      type: "company",
      data: {
        ...{ id: 5, name: "Acme", updated_time: 1_773_050_400 },
        properties: [
          { name: "url", value: "https://www.example.com" },
          { name: "industry", value: "Tools" },
        ],
      },
    },
    [{ kind: "account", id: "5", set: { name: "Acme", industry: "Tools" } }],
  ],
  [
    "engagebay",
    {
      type: "ticket",
      data: {
        ...{ id: 9, company_id: 5, subject: "It is slow", status: "OPEN", priority: "URGENT" },
        ...{ created_time: 1_773_000_000, updated_time: 1_773_050_400 },
      },
    },
    [
      {
        kind: "ticket",
        account: "5",
        set: { status: "open", priority: "urgent", openedAt: "2026-03-08T20:00:00.000Z" },
      },
    ],
  ],
  [
    "efficy",
    {
      ...{ entity: "Oppo", key: 77, changedAt: "09/03/2026 10:15:00" },
      fields: {
        K_COMPANY: 5,
        NAME: "Renewal",
        KIND: "Renewal",
        STATUS: "Open",
        AMOUNT: "12.500,50",
        CLOSE_DATE: "30/04/2026",
      },
    },
    [
      {
        ...{ kind: "opportunity", account: "5", at: "2026-03-09T09:15:00.000Z" },
        set: {
          type: "renewal",
          outcome: "open",
          amountMinor: 1_250_050,
          closesOn: "2026-04-30",
          currency: "EUR",
          name: "Renewal",
        },
      },
    ],
  ],
  [
    "ada",
    {
      ...{ type: "v1.conversation.created", timestamp: "2026-03-09T10:00:00.000+00:00" },
      data: {
        ...{ conversation_id: "k1", channel_id: "web", end_user_id: "u1", created_at: "2026-03-09T10:00:00+00:00" },
        metadata: { account_id: "acme", locale: "en" },
      },
    },
    [
      { kind: "usage", name: "chatbot_conversations", account: "acme", day: "2026-03-09", user: "u1", id: "k1" },
      { kind: "event", id: "v1.conversation.created:k1", set: { payload: { conversation: "k1", locale: "en" } } },
    ],
  ],
];

describe("the examples of hooks", () => {
  test.each(deliveries)("%s: a plausible delivery becomes records", async (name, body, expected) => {
    const { hook } = await open(name);
    const raw = Buffer.from(JSON.stringify(body));
    const request = { raw, headers: { "webhook-id": "m1" }, method: "POST", url: "https://keepwell.example.com/", now };
    const items = hook?.split(request) ?? [];
    expect(items).toHaveLength(1);
    const { mapped } = hook?.read(items[0]?.body ?? "", mapContext(now)) ?? {};
    expect(mapped?.skipped).toBeUndefined();
    expect(mapped?.inputs?.map((input) => inputSchema.parse(input))).toMatchObject(expected);
  });

  test("a delivery of another sort is passed over, with a reason", async () => {
    const { hook } = await open("engagebay");
    expect(hook?.read('{"type":"deal"}', mapContext(now))).toEqual({ ignored: "no record of the mapping is for it" });
  });
});
