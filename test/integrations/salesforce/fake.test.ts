import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { credentials, type SalesforceFake, startSalesforceFake } from "./fake.ts";

const recorded = "../shared/specs/salesforce/restforce-fixtures";

const fakes: SalesforceFake[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

/** What an answer is made of: the names of its fields, and what each of them is. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, formOf(each)]));
}

function recordedForm(file: string): unknown {
  return formOf(JSON.parse(readFileSync(join(recorded, file), "utf8")));
}

/** The form of an answer of the fake, to somebody who has logged in. */
async function answerForm(path: string, init: RequestInit = {}, pageRows = 1): Promise<unknown> {
  const fake = await startSalesforceFake({ pageRows });
  fakes.push(fake);
  fake.custom.set("Task.Key__c", { externalId: true });
  const { id, secret } = credentials;
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
  const login = await fetch(`${fake.url}/services/oauth2/token`, { method: "POST", body: form });
  const session: unknown = await login.json();
  if (path === "login") return formOf(session);
  const token = new Map(Object.entries(Object(session))).get("access_token");
  const answer = await fetch(`${fake.url}/services/data/v62.0${path}`, {
    ...init,
    headers: { authorization: `Bearer ${String(token)}` },
  });
  return formOf(await answer.json());
}

describe.skipIf(!existsSync(recorded))(
  `the fake answers as Salesforce did in ${recorded} (skipped where that is not)`,
  () => {
    test("to a login", async () => {
      expect(await answerForm("login")).toMatchObject(Object(recordedForm("auth_success_response.json")));
    });

    test("to a query with further pages", async () => {
      const page = Object(recordedForm("query_paginated_first_page_response.json"));
      const { attributes } = page.records[0];
      expect(await answerForm("/query?q=SELECT Id FROM Case ORDER BY Id")).toEqual({
        ...page,
        records: [{ attributes, Id: "string" }],
      });
    });

    test("to a query without", async () => {
      const page = Object(recordedForm("query_paginated_last_page_response.json"));
      const { attributes } = page.records[0];
      expect(await answerForm("/query?q=SELECT Id FROM Case ORDER BY Id", {}, 10)).toEqual({
        ...page,
        records: [{ attributes, Id: "string" }],
      });
    });

    test("to a query of what is not there", async () => {
      expect(await answerForm("/query?q=SELECT Nope FROM Case")).toEqual(recordedForm("query_error_response.json"));
    });

    test("to a row that is put by its key, beside telling whether it is new", async () => {
      const put = { method: "PATCH", body: JSON.stringify({ Subject: "x" }) };
      expect(await answerForm("/sobjects/Task/Key__c/k-1", put)).toEqual({
        ...Object(recordedForm("upsert_created_success_response.json")),
        created: "boolean",
      });
    });

    test("to a key that is none", async () => {
      const put = { method: "PATCH", body: "{}" };
      expect(await answerForm("/sobjects/Task/Other__c/k-1", put)).toEqual(recordedForm("upsert_error_response.json"));
    });

    test("to a description", async () => {
      const { name, type } = Object(recordedForm("sobject_describe_success_response.json")).fields[0];
      expect(await answerForm("/sobjects/Case/describe")).toMatchObject({
        fields: [{ name, type, externalId: "boolean" }],
      });
    });
  },
);
