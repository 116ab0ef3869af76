import { expect } from "vitest";
import { journeySchema } from "../../src/queries/journey.ts";
import { account, take } from "../worker/scenario.ts";
import { test } from "./api.ts";
import { expectProblem } from "./problems.ts";

const now = new Date("2026-03-10T12:00:00Z");

test("the journey of an account is told by its key", async ({ api, db }) => {
  const stage = { kind: "account", id: "acme", at: "2026-02-01T00:00:00Z", set: { stage: "live" } } as const;
  await take(db, [...account("acme", "2026-03-09", []), stage], now);
  const answer = await api.call("GET", "/api/v1/accounts/acme/journey", { token: await api.token() });
  expect(answer.status).toBe(200);
  expect(journeySchema.parse(answer.body)).toMatchObject({
    account: "acme",
    name: "acme Ltd",
    stage: { id: "live", decidedBy: "crm", sinceDay: "2026-02-01" },
    stages: [{ id: "live", enteredDay: "2026-02-01", leftDay: null }],
  });
});

test("the journey of an account nobody knows is not found, and an unknown question is refused", async ({ api }) => {
  const token = await api.token();
  for (const key of ["acme", "a%00b", "x".repeat(400)]) {
    expectProblem(await api.call("GET", `/api/v1/accounts/${key}/journey`, { token }), 404);
  }
  expectProblem(await api.call("GET", "/api/v1/accounts/acme/journey?at=2026-01-01", { token }), 400);
  expectProblem(await api.call("POST", "/api/v1/accounts/acme/journey", { token, body: {} }), 405);
});
