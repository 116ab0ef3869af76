import { expect, onTestFinished } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { soundDocuments } from "../queries/company-folder.ts";
import { type Api, serve, test } from "./api.ts";
import { malformed } from "./malformed-json.ts";
import { expectProblem } from "./problems.ts";

const now = new Date("2026-03-10T12:00:00Z");
const saveAtRisk = soundDocuments["playbooks/save-at-risk.json"];
const path = "/api/v1/config/playbook/save-at-risk";
const documents = [
  { kind: "company", id: "company", body: soundDocuments["company.json"] },
  { kind: "channels", id: "channels", body: soundDocuments["channels.json"] },
  { kind: "health-model", id: "default", body: soundDocuments["health-models/default.json"] },
  { kind: "playbook", id: "save-at-risk", body: saveAtRisk },
];

const apply = (db: Db) =>
  db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "anna", note: "the first", now }));

async function send(api: Api, method: string, where: string, body?: unknown, headers = {}) {
  return api.call(method, where, { token: await api.token(), headers, ...(body === undefined ? {} : { body }) });
}

test("the documents in force are listed with their revisions, and one is read with its ETag", async ({ api, db }) => {
  await apply(db);
  const list = await send(api, "GET", "/api/v1/config");
  expect(list.body).toMatchObject({
    documents: [
      { kind: "channels" },
      { kind: "company", id: "company", revision: 1, author: "anna", note: "the first", at: now.toISOString() },
      { kind: "health-model" },
      { kind: "playbook", id: "save-at-risk", body: saveAtRisk },
    ],
  });
  const one = await send(api, "GET", path);
  expect(one).toMatchObject({ status: 200, body: { revision: 1, isLive: true, body: saveAtRisk } });
  expect(one.headers.get("etag")).toBe('"1"');
  expectProblem(await send(api, "GET", `${path}?revision=2`), 404);
  expectProblem(await send(api, "GET", "/api/v1/config/playbook/nobody"), 404);
  expectProblem(await send(api, "GET", "/api/v1/config/playbook/%00"), 404);
});

test("of two managers who edit the same revision the second one is refused, and told whose it is by now", async ({
  api,
  db,
}) => {
  await apply(db);
  const seen = { "if-match": '"1"' };
  const first = await send(api, "PUT", `${path}?author=anna&note=sooner`, { ...saveAtRisk, name: "First" }, seen);
  expect(first).toMatchObject({ status: 200, body: { revision: 2, change: "changed" } });
  expect(first.headers.get("etag")).toBe('"2"');
  const second = await send(api, "PUT", path, { ...saveAtRisk, name: "Second" }, seen);
  expect(expectProblem(second, 412)).toContain("revision 2 by anna (via token token 1)");
  const history = await send(api, "GET", `${path}/history`);
  expect(history.body).toMatchObject({
    revisions: [{ revision: 2, author: "anna (via token token 1)", note: "sooner", isLive: true }, { revision: 1 }],
  });
});

test("of two managers who save at once one wins", async ({ api, db }) => {
  await apply(db);
  const answers = await Promise.all(
    ["One", "Two", "Three"].map((name) => send(api, "PUT", path, { ...saveAtRisk, name }, { "if-match": '"1"' })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
});

test("what is in force is never replaced by who does not say what they have seen", async ({ api, db }) => {
  await apply(db);
  expectProblem(await send(api, "PUT", path, saveAtRisk), 428);
  expectProblem(await send(api, "DELETE", path), 428);
  expectProblem(await send(api, "PUT", path, saveAtRisk, { "if-none-match": "*" }), 412);
  expectProblem(await send(api, "PUT", path, saveAtRisk, { "if-match": "1" }), 400);
  expect(await send(api, "PUT", path, saveAtRisk, { "if-match": "*" })).toMatchObject({
    body: { revision: 1, change: "unchanged" },
  });
  const fresh = { ...saveAtRisk, id: "fresh" };
  expectProblem(await send(api, "PUT", "/api/v1/config/playbook/fresh", fresh, { "if-match": '"1"' }), 412);
  expect(await send(api, "PUT", "/api/v1/config/playbook/fresh", fresh)).toMatchObject({
    status: 200,
    body: { revision: 1, change: "created" },
  });
});

test("a save under the same Idempotency-Key happens once", async ({ api, db }) => {
  await apply(db);
  const token = await api.token();
  const headers = { "if-match": '"1"', "idempotency-key": "k" };
  const edit = { token, headers, body: { ...saveAtRisk, name: "Once" } };
  expect(await api.call("PUT", path, edit)).toMatchObject({ status: 200, body: { revision: 2 } });
  const again = await api.call("PUT", path, edit);
  expect(again).toMatchObject({ status: 200, body: { revision: 2 } });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expectProblem(await api.call("PUT", path, { ...edit, body: saveAtRisk }), 422);
});

test("a document that does not go with the others is refused with every fault, where it stands in the text", async ({
  api,
  db,
}) => {
  await apply(db);
  const text = `{
  "id": "save-at-risk", "name": "Save", "enabled": true,
  "trigger": { "on": "threshold", "when": { "fact": "scor", "below": 40 } },
  "steps": [{ "id": "alert", "do": "slack", "to": "nowhere", "text": "hi" }]
}`;
  const answer = await send(api, "PUT", path, text, { "if-match": '"1"' });
  expect(answer).toMatchObject({
    status: 422,
    body: {
      faults: [
        { file: "playbook save-at-risk", line: 3, column: 45, path: "trigger.when.fact", met: "scor" },
        { line: 4, path: "steps[0].to", met: "nowhere" },
      ],
    },
  });
  expect(await send(api, "GET", path)).toMatchObject({ body: { revision: 1 } });
});

test("a document that others need is not removed", async ({ api, db }) => {
  await apply(db);
  const seen = { "if-match": '"1"' };
  expect(await send(api, "DELETE", "/api/v1/config/channels/channels", undefined, seen)).toMatchObject({
    status: 422,
    body: { faults: [{ file: "playbook save-at-risk (revision 1)", path: "steps[0].to" }] },
  });
  expect(await send(api, "DELETE", path, undefined, seen)).toMatchObject({
    body: { revision: null, change: "removed" },
  });
  expectProblem(await send(api, "DELETE", path, undefined, seen), 404);
  expect(await send(api, "GET", `${path}?revision=1`)).toMatchObject({ body: { isLive: false, body: saveAtRisk } });
});

test("a name that no document has, or another than the document says, is refused", async ({ api, db }) => {
  await apply(db);
  expectProblem(await send(api, "PUT", "/api/v1/config/segments/segments", {}), 404);
  expectProblem(await send(api, "PUT", "/api/v1/config/company/other", {}), 404);
  expectProblem(await send(api, "PUT", "/api/v1/config/playbook/..%2F..%2Fetc", {}), 404);
  expect(await send(api, "PUT", "/api/v1/config/playbook/other", saveAtRisk)).toMatchObject({
    status: 422,
    body: { faults: [{ path: "id", met: "save-at-risk" }] },
  });
});

test("a document that names a variable this server does not have is refused, and others are saved all the same", async ({
  db,
}) => {
  await apply(db);
  const api = await serve(db, { hasSecret: (name) => name !== "EXAMPLE_OTHER_URL" && name !== "EXAMPLE_SLACK_URL" });
  onTestFinished(() => api.server.stop());
  const channels = { channels: [{ id: "csm-alerts", kind: "slack", url: { env: "EXAMPLE_OTHER_URL" } }] };
  const seen = { "if-match": '"1"' };
  expect(await send(api, "PUT", "/api/v1/config/channels/channels", channels, seen)).toMatchObject({
    status: 422,
    body: { faults: [{ path: "channels[0].url", message: "the environment variable EXAMPLE_OTHER_URL is not set" }] },
  });
  expect(await send(api, "PUT", path, { ...saveAtRisk, enabled: false }, seen)).toMatchObject({ status: 200 });
});

test("check tells what would be wrong and saves nothing", async ({ api, db }) => {
  await apply(db);
  const check = (body: unknown) => send(api, "POST", "/api/v1/config/check", body);
  const edit = { kind: "playbook", id: "new", body: { ...saveAtRisk, id: "new" } };
  expect((await check({ documents: [edit] })).body).toEqual({ ok: true, faults: [] });
  expect((await check({ documents: [edit], removed: [{ kind: "channels", id: "channels" }] })).body).toMatchObject({
    ok: false,
    faults: [{ file: "playbook new" }, { file: "playbook save-at-risk (revision 1)" }],
  });
  const text = `{ "id": "new",\n  "enabled": "yes" }`;
  expect((await check({ documents: [{ kind: "playbook", id: "new", text }] })).body).toMatchObject({
    ok: false,
    faults: expect.arrayContaining([expect.objectContaining({ path: "enabled", line: 2, column: 3 })]),
  });
  expect((await send(api, "GET", "/api/v1/config/history")).body).toMatchObject({ applications: [{ author: "anna" }] });
});

test("a rollback takes back the last save, and says what it did", async ({ api, db }) => {
  await apply(db);
  await send(api, "PUT", path, { ...saveAtRisk, name: "Worse" }, { "if-match": '"1"' });
  expect(await send(api, "POST", "/api/v1/config/rollback", { note: "too loud", author: "ben" })).toMatchObject({
    status: 200,
    body: { changed: [{ kind: "playbook", id: "save-at-risk" }], created: [], removed: [] },
  });
  expect(await send(api, "GET", path)).toMatchObject({ body: { revision: 3, body: saveAtRisk } });
  const document = { kind: "playbook", id: "save-at-risk", revision: 2 };
  await send(api, "POST", "/api/v1/config/rollback", { document });
  expect(await send(api, "GET", path)).toMatchObject({ body: { revision: 4, body: { name: "Worse" } } });
  expectProblem(await send(api, "POST", "/api/v1/config/rollback", { to: "2020-01-01T00:00:00Z" }), 404);
  expectProblem(await send(api, "POST", "/api/v1/config/rollback", { to: now.toISOString(), document }), 400);
  expect((await send(api, "GET", "/api/v1/config/history?limit=2")).body).toMatchObject({
    applications: [{ author: "token 4" }, { author: expect.stringContaining("ben (via token") }],
  });
});

test("no malformed or hostile body is a fault of ours, and none is saved", async ({ api, db }) => {
  await apply(db);
  const token = await api.token();
  const headers = { "if-match": '"1"' };
  for (const [, body] of malformed) {
    // Two byte order marks before a document are none of its faults.
    expect([400, 422]).toContain((await api.call("PUT", path, { token, body, headers })).status);
  }
  const nested = (depth: number) => `${'{"all":['.repeat(depth)}${"]}".repeat(depth)}`;
  const deep = `{"id":"save-at-risk","name":"n","enabled":true,"trigger":{"on":"threshold","when":${nested(90)}},"steps":[]}`;
  const bodies = ["null", "[]", '"x"', "{}", deep, nested(20_000), `{"__proto__":{"id":"x"}}`, '{"id":"\\u0000"}'];
  for (const body of bodies) {
    expect([400, 422]).toContain((await api.call("PUT", path, { token, body, headers })).status);
  }
  const big = Buffer.alloc(2 * 1024 * 1024, " ");
  expectProblem(await api.call("PUT", path, { token, body: big, headers }), 413);
  for (const body of [nested(20_000), "null", '{"documents":[{"kind":"playbook","id":"x","text":"{"}]}']) {
    expect((await api.call("POST", "/api/v1/config/check", { token, body })).status).toBe(400);
  }
  expect((await send(api, "GET", "/api/v1/config/history")).body).toMatchObject({ applications: [{ author: "anna" }] });
});
