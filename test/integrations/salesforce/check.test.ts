import { afterEach, describe, expect, test } from "vitest";
import { expectNoSecret } from "../channel-suite.ts";
import { pullContext } from "../pull-context.ts";
import { organizationId, ownUser, type SalesforceFake, startSalesforceFake } from "./fake.ts";
import { openOver } from "./open.ts";

const now = new Date("2026-03-02T09:00:00.000Z");

const fakes: SalesforceFake[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function check(prepare: (fake: SalesforceFake) => void, settings = {}, secrets = {}) {
  const fake = await startSalesforceFake({ clock: () => now });
  fakes.push(fake);
  prepare(fake);
  const source = openOver(fake.url, settings, secrets);
  return source.check(pullContext(source, now));
}

describe("a check", () => {
  test("tells whose organization it is, as whom, and what is left of the day's calls", async () => {
    expect(await check(() => undefined)).toEqual({
      ok: true,
      detail: `organization ${organizationId}AAA, user ${ownUser}; API calls of the last 24 hours: 10018 of 100000`,
      missing: [],
    });
  });

  test("names every object and field that is needed and not to be seen, and every one that may not be written", async () => {
    const settings = {
      account: { segment: "Segment__c" },
      tasks: {},
      writeFields: { score: "Score__c", band: "Band__c" },
    };
    const result = await check((fake) => {
      fake.hidden.add("Case").add("Contact.AccountId").add("Account.Industry");
      fake.custom.set("Account.Score__c", { externalId: false, updateable: false });
    }, settings);
    expect(result).toMatchObject({
      ok: false,
      missing: [
        "Account.Segment__c",
        "Contact.AccountId",
        "Case",
        "Task.Keepwell_Key__c",
        "Account.Score__c (to write)",
        "Account.Band__c (to write)",
      ],
    });
  });

  test("tells that the API is not there for this user, rather than that every object is missing", async () => {
    const body = [{ errorCode: "API_DISABLED_FOR_ORG", message: "The REST API is not enabled for this Organization." }];
    const result = await check((fake) => {
      fake.intercept = (path) => (path.endsWith("/describe") ? { status: 403, body } : null);
    });
    expect(result).toEqual({
      ok: false,
      detail: "Salesforce: API_DISABLED_FOR_ORG: The REST API is not enabled for this Organization.",
      missing: ["API_DISABLED_FOR_ORG"],
    });
  });

  test("asks nothing of what is skipped", async () => {
    expect(await check((fake) => void fake.hidden.add("Case"), { skip: ["cases"] })).toMatchObject({ ok: true });
  });

  test("tells in Salesforce's words why nobody could log in, without the secret", async () => {
    const result = await check(() => undefined, {}, { CLIENT_SECRET: "canary-secret" });
    expect(result).toEqual({
      ok: false,
      detail: "the login was refused: invalid_client: invalid client credentials",
      missing: [],
    });
    expectNoSecret(result, ["canary-secret"]);
  });

  test("logs in once for many calls, and anew once the token is forgotten", async () => {
    const fake = await startSalesforceFake({ clock: () => now });
    fakes.push(fake);
    const source = openOver(fake.url);
    const context = pullContext(source, now);
    await source.check(context);
    await source.pull("accounts", null, context);
    expect(fake.logins()).toBe(1);
    source.forgetToken?.();
    await source.pull("accounts", null, context);
    expect(fake.logins()).toBe(2);
  });
});
