import { expect } from "vitest";
import { sourcesSchema } from "../../src/queries/sources/overview.ts";
import { placingDeedSchema } from "../../src/queries/sources/placing.ts";
import { unmatchedSchema } from "../../src/queries/sources/unmatched.ts";
import type { Db } from "../../src/store/db.ts";
import { identities, say } from "../store/identity/scene.ts";
import { test } from "./api.ts";
import { expectProblem } from "./problems.ts";

async function begin(db: Db): Promise<void> {
  await say(db, "app", [{ id: "acme" }], { idsAreKeys: true });
  await say(db, "crm", [{ id: "12/a" }], { accounts: "match" });
}

test("sources are listed with their streams and how many accounts nobody could place", async ({ api, db }) => {
  await begin(db);
  const token = await api.token(["accounts:read"]);
  const { status, body } = await api.call("GET", "/api/v1/sources", { token });
  expect(status).toBe(200);
  expect(sourcesSchema.parse(body).sources).toContainEqual({
    ...{ id: "crm", kind: null, streams: [], unmatched: 1, failedFields: null },
  });
});

test("an account that nobody could place is listed and placed, once", async ({ api, db }) => {
  await begin(db);
  const token = await api.token();
  const list = await api.call("GET", "/api/v1/unmatched?source=crm", { token });
  expect(unmatchedSchema.parse(list.body).unmatched).toMatchObject([{ id: "12/a", waiting: 1 }]);
  const path = "/api/v1/unmatched/crm/12%2Fa/match";
  const placed = await api.call("POST", path, { token, body: { account: "acme", author: "anna" } });
  expect(placingDeedSchema.parse(placed.body)).toEqual({
    ...{ deed: "identity.match", source: "crm", id: "12/a", account: "acme", inputs: 1 },
  });
  expect(await identities(db)).toMatchObject({ "crm 12/a": "acme" });
  expectProblem(await api.call("POST", path, { token, body: { account: "acme" } }), 409);
  expect(await db.selectFrom("audit").select(["author", "deed"]).execute()).toEqual([
    { author: "anna (via token token 1)", deed: "identity.match" },
  ]);
});

test("what cannot be is refused", async ({ api, db }) => {
  await begin(db);
  const token = await api.token();
  const match = (body: unknown) => api.call("POST", "/api/v1/unmatched/crm/12%2Fa/match", { token, body });
  expectProblem(await match({ account: "nobody" }), 404);
  expectProblem(await match({ account: "a\0b" }), 400);
  expectProblem(await match({}), 400);
  expectProblem(await api.call("GET", "/api/v1/unmatched?source=%00", { token }), 400);
  expect(await identities(db)).not.toHaveProperty("crm 12/a");
});
