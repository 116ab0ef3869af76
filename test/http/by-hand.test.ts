import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { z } from "zod";
import { auditSchema } from "../../src/queries/by-hand/audit.ts";
import { deedSchema } from "../../src/queries/by-hand/hand.ts";
import { taskSchema } from "../../src/queries/by-hand/task-list.ts";
import { taskDeedSchema } from "../../src/queries/by-hand/tasks.ts";
import type { Db } from "../../src/store/db.ts";
import { insertEmail, insertRun } from "../store/action-rows.ts";
import { account, take } from "../worker/scenario.ts";
import { type Api, type Call, test } from "./api.ts";
import { malformed } from "./malformed-json.ts";
import { expectProblem } from "./problems.ts";

const then = new Date("2026-03-01T12:00:00Z");
const of = "/api/v1/accounts/acme";
/** Beyond every test run, and within the ten years that an end may lie ahead. */
const until = "2030-01-31T00:00:00Z";
const reason = "they told us";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** One good request per deed; those that take something back stand behind those that set it. */
const requests: readonly (Request & { readonly deed: string; readonly status: number })[] = [
  { deed: "pulse.add", method: "POST", path: `${of}/pulses`, body: { score: 2, note: "no answer" }, status: 201 },
  { deed: "note.add", method: "POST", path: `${of}/notes`, body: { text: "they are hiring" }, status: 201 },
  { deed: "touchpoint.add", method: "POST", path: `${of}/touchpoints`, body: { type: "call" }, status: 201 },
  { deed: "override.set", method: "PUT", path: `${of}/override`, body: { score: 12.5, until, reason }, status: 200 },
  { deed: "override.clear", method: "DELETE", path: `${of}/override`, status: 200 },
  { deed: "stage.set", method: "PUT", path: `${of}/stage`, body: { stage: "renewal" }, status: 200 },
  { deed: "stage.clear", method: "DELETE", path: `${of}/stage`, body: { reason }, status: 200 },
  { deed: "snooze.set", method: "PUT", path: `${of}/snooze`, body: { until, reason }, status: 200 },
  { deed: "snooze.clear", method: "DELETE", path: `${of}/snooze`, status: 200 },
  { deed: "milestone.reach", method: "PUT", path: `${of}/milestones/go-live`, body: {}, status: 200 },
  { deed: "milestone.take-back", method: "DELETE", path: `${of}/milestones/go-live`, status: 200 },
  { deed: "task.create", method: "POST", path: "/api/v1/tasks", body: { account: "acme", title: "Call" }, status: 201 },
  { deed: "task.assign", method: "POST", path: "/api/v1/tasks/1/assign", body: { assignee: "anna" }, status: 200 },
  { deed: "task.snooze", method: "POST", path: "/api/v1/tasks/1/snooze", body: { until }, status: 200 },
  { deed: "task.done", method: "POST", path: "/api/v1/tasks/1/done", body: { outcome: "they stay" }, status: 200 },
  { deed: "task.reopen", method: "POST", path: "/api/v1/tasks/1/reopen", status: 200 },
  { deed: "verdict.give", method: "PUT", path: "/api/v1/actions/1/verdict", body: { verdict: "noise" }, status: 200 },
];

const begin = (db: Db) => take(db, account("acme", "2026-02-28", []), then);

const send = (api: Api, { method, path, body }: Request, call: Call) =>
  api.call(method, path, body === undefined ? call : { ...call, body });

async function entries(db: Db): Promise<readonly unknown[]> {
  return (await sql`select deed, author, via from audit order by id`.execute(db)).rows;
}

/** All that a request could have left behind. */
async function contents(db: Db): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*) from record_changes) as changes, (select count(*) from tasks) as tasks,
      (select count(*) from audit) as audit, (select count(*) from verdicts) as verdicts,
      (select count(*) from idempotency_keys) as keys`.execute(db);
  return rows[0];
}

describe("each deed", () => {
  test("leaves one row of the audit with the token's name, and is done once under its Idempotency-Key", async ({
    api,
    db,
  }) => {
    const run = await insertRun(db, "acme");
    await insertEmail(db, run, "sent");
    await sql`insert into account_work (account_id) select id from accounts`.execute(db);
    const token = await api.token();
    for (const request of requests) {
      const call = { token, headers: { "idempotency-key": request.deed } };
      const before = await entries(db);
      const first = await send(api, request, call);
      expect({ deed: request.deed, status: first.status, body: first.body }).toEqual({
        ...{ deed: request.deed, status: request.status, body: expect.any(Object) },
      });
      expect(await entries(db)).toEqual([...before, { deed: request.deed, author: "token 1", via: "api" }]);
      const kept = await contents(db);
      const second = await send(api, request, call);
      expect(second).toMatchObject({ status: request.status, body: first.body });
      expect(second.headers.get("idempotency-replayed")).toBe("true");
      expect(await contents(db)).toEqual(kept);
    }
  });

  test("used by ten at once under one key takes effect once, and all hear the same", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    const call = { token, body: { score: 2 }, headers: { "idempotency-key": "one" } };
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.call("POST", `${of}/pulses`, call)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(deedSchema.parse(answers[0]?.body)).toMatchObject({ deed: "pulse.add", account: "acme" });
    expect(await entries(db)).toHaveLength(1);
  });

  test("under a key that was used for another is refused, and so is the key for another account", async ({
    api,
    db,
  }) => {
    await begin(db);
    await take(db, account("other", "2026-02-28", []), then);
    const token = await api.token();
    const headers = { "idempotency-key": "one" };
    await api.call("POST", `${of}/pulses`, { token, body: { score: 2 }, headers });
    for (const [path, body] of [
      [`${of}/pulses`, { score: 3 }],
      [`${of}/pulses`, { score: 2, author: "anna" }],
      ["/api/v1/accounts/other/pulses", { score: 2 }],
      [`${of}/notes`, { text: "x" }],
    ] as const) {
      expect(expectProblem(await api.call("POST", path, { token, body, headers }), 422)).toContain("another body");
    }
    expectProblem(await api.call("POST", "/api/v1/records", { token, body: {}, headers }), 422);
    expect(await entries(db)).toHaveLength(1);
  });

  test("that is refused does not use its key up", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    const headers = { "idempotency-key": "one" };
    expectProblem(await api.call("DELETE", `${of}/override`, { token, headers }), 404);
    await api.call("PUT", `${of}/override`, { token, body: { score: 1, until, reason } });
    expect((await api.call("DELETE", `${of}/override`, { token, headers })).status).toBe(200);
  });

  test("names who did it, and the token that said so", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    await api.call("POST", `${of}/notes`, { token, body: { text: "x", author: "anna" } });
    await api.call("DELETE", `${of}/stage`, { token, body: { author: "anna" } });
    expect(await entries(db)).toEqual([{ deed: "note.add", author: "anna (via token token 1)", via: "api" }]);
    const { rows } = await sql`select set->>'by' as by from record_changes where kind = 'note'`.execute(db);
    expect(rows).toEqual([{ by: "anna (via token token 1)" }]);
    const found = await api.call("GET", "/api/v1/audit?author=anna", { token });
    expect(auditSchema.loose().parse(found.body).entries).toHaveLength(1);
  });

  test("on an account, a task or an action that is not there is 404", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    for (const { method, path, body } of requests) {
      if (path === "/api/v1/tasks") continue;
      for (const id of ["nobody", "0", "99", "%00", "%ED%A0%80", "x".repeat(2000), "1.0", "9".repeat(40)]) {
        const there = path.replace(/\/(acme|1)(?=\/)/, `/${id}`);
        const answer = await send(api, { method, path: there, body }, { token });
        expect([400, 404]).toContain(answer.status);
        expectProblem(answer, answer.status);
      }
    }
    expectProblem(await api.call("POST", "/api/v1/tasks", { token, body: { account: "nobody", title: "x" } }), 404);
    expect(await entries(db)).toEqual([]);
  });
});

describe("a wish", () => {
  const long = "x".repeat(10_001);
  const cases: readonly (readonly [string, unknown, number])[] = [
    ["pulses", {}, 400],
    ["pulses", { score: 0 }, 400],
    ["pulses", { score: 2.5 }, 400],
    ["pulses", { score: "2" }, 400],
    ["pulses", { score: 2, note: long }, 400],
    ["pulses", { score: 2, note: "nul\0" }, 400],
    ["pulses", { score: 2, note: "half \ud800" }, 400],
    ["pulses", { score: 2, at: "yesterday" }, 400],
    ["pulses", { score: 2, at: "2999-01-01T00:00:00Z" }, 422],
    ["pulses", { score: 2, at: "0000-01-01T00:00:00Z" }, 422],
    ["pulses", { score: 2, surprise: 1 }, 400],
    ["pulses", { score: 2, author: "" }, 400],
    ["pulses", { score: 2, author: "x".repeat(101) }, 400],
    ["pulses", { score: 2, author: "\0" }, 400],
    ["notes", { text: "   " }, 400],
    ["touchpoints", { type: "telegram" }, 400],
    ["override", { until, reason }, 400],
    ["override", { score: 101, until, reason }, 400],
    ["override", { score: 12.55, until, reason }, 400],
    ["override", { score: 1, until }, 400],
    ["override", { score: 1, reason }, 400],
    ["override", { score: 1, until: "soon", reason }, 400],
    ["override", { score: 1, until: "2020-01-01", reason }, 422],
    ["override", { score: 1, until: "9999-12-31T23:59:59-23:59", reason }, 422],
    ["override", { band: "blue", until, reason }, 422],
    ["snooze", { until: "2020-01-01", reason }, 422],
    ["stage", {}, 400],
    ["milestones/go-live", { at: "2999-01-01T00:00:00Z" }, 422],
  ];
  test.for(cases)("%s %j is refused, and nothing of it is kept", async ([path, body, status], { api, db }) => {
    await begin(db);
    const before = await contents(db);
    const method = /^(pulses|notes|touchpoints)$/.test(path) ? "POST" : "PUT";
    const call = { token: await api.token(), body, headers: { "idempotency-key": "k" } };
    expectProblem(await api.call(method, `${of}/${path}`, call), status);
    expect(await contents(db)).toEqual(before);
  });

  test("that is no JSON of ours is never a fault of ours", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    const before = await contents(db);
    for (const { method, path } of requests) {
      for (const [, body] of malformed.slice(0, 12)) expectProblem(await api.call(method, path, { token, body }), 400);
      for (const body of ["null", "[]", '"x"', "0"]) expectProblem(await api.call(method, path, { token, body }), 400);
      expectProblem(await api.call(method, path, { token, body: "x".repeat(200_000) }), 413);
      expectProblem(
        await api.call(method, path, { token, body: "{}", headers: { "content-type": "text/plain" } }),
        415,
      );
    }
    expect(await contents(db)).toEqual(before);
  });

  test("of any JSON is answered, and never by a fault of ours", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    const edge = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        until,
        "2026-01-31",
        "0000-01-01",
        "9999-12-31",
        "owner",
        "acme",
        "\0",
        "\ud800",
        1e308,
        -0,
      ),
      fc.string({ unit: "binary", maxLength: 20 }),
    );
    const keys = [
      "account",
      "title",
      "body",
      "assignee",
      "dueOn",
      "dueInDays",
      "author",
      "score",
      "note",
      "text",
      "at",
    ];
    const more = ["type", "until", "reason", "band", "stage", "outcome", "verdict"];
    const body = fc.dictionary(fc.constantFrom(...keys, ...more), edge, { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...requests), body, async (request, changes) => {
        const merged = { ...Object(request.body), ...changes };
        const answer = await api.call(request.method, request.path, { token, body: merged });
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});

describe("tasks", () => {
  const listSchema = z.strictObject({ tasks: z.array(taskSchema), next: z.string().nullable() });
  const list = async (api: Api, token: string, query: string) =>
    listSchema.parse((await api.call("GET", `/api/v1/tasks?${query}`, { token })).body);

  test("are listed page by page in order of their due days, each once", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    const days = ["2026-05-02", undefined, "2026-05-01", "2026-05-02", undefined];
    for (const dueOn of days) {
      const { status, body } = await api.call("POST", "/api/v1/tasks", {
        token,
        body: { account: "acme", title: "x", dueOn },
      });
      expect(status).toBe(201);
      expect(taskDeedSchema.parse(body)).toMatchObject({ account: "acme", state: "open" });
    }
    const seen: (string | null)[] = [];
    let next: string | null = "";
    for (let pages = 0; next !== null && pages < 9; pages += 1) {
      const cursor: string = next === "" ? "" : `&cursor=${next}`;
      const page = await list(api, token, `limit=2${cursor}`);
      seen.push(...page.tasks.map((task) => task.dueOn));
      next = page.next;
    }
    expect(seen).toEqual(["2026-05-01", "2026-05-02", "2026-05-02", null, null]);
    expect((await list(api, token, "assignee=anna&account=acme&state=all")).tasks).toHaveLength(5);
    expect((await list(api, token, "assignee=nobody")).tasks).toEqual([]);
  });

  test("that are put off come only when asked for", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    await api.call("POST", "/api/v1/tasks", { token, body: { account: "acme", title: "x" } });
    await api.call("POST", "/api/v1/tasks/1/snooze", { token, body: { until } });
    expect((await list(api, token, "")).tasks).toEqual([]);
    expect((await list(api, token, "all=true")).tasks).toMatchObject([{ snoozedUntil: "2030-01-31T00:00:00.000Z" }]);
  });

  test("one that was closed already is a conflict", async ({ api, db }) => {
    await begin(db);
    const token = await api.token();
    await api.call("POST", "/api/v1/tasks", { token, body: { account: "acme", title: "x" } });
    const close = () => api.call("POST", "/api/v1/tasks/1/done", { token, body: { outcome: "done" } });
    const answers = await Promise.all([close(), close(), close()]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409]);
    expect(expectProblem(await close(), 409)).toBe("The task 1 is done.");
  });

  test.for([
    "limit=0",
    "limit=x",
    "cursor=x",
    "cursor=2026-02-30.1",
    "cursor=0000-01-01.1",
    "state=lost",
    "x=1",
    "assignee=%00",
    "all=maybe",
  ])("a question with %s is refused", async (query, { api }) => {
    expectProblem(await api.call("GET", `/api/v1/tasks?${query}`, { token: await api.token() }), 400);
  });
});

test("the audit is read page by page, newest first", async ({ api, db }) => {
  await begin(db);
  const token = await api.token();
  for (const score of [1, 2, 3]) await api.call("POST", `${of}/pulses`, { token, body: { score } });
  const schema = auditSchema.extend({ next: z.string().nullable() });
  const first = schema.parse((await api.call("GET", "/api/v1/audit?limit=2&account=acme", { token })).body);
  expect(first.entries).toMatchObject([{ data: { score: 3 } }, { data: { score: 2 } }]);
  const second = schema.parse((await api.call("GET", `/api/v1/audit?limit=2&cursor=${first.next}`, { token })).body);
  expect(second).toMatchObject({ entries: [{ deed: "pulse.add", account: "acme", data: { score: 1 } }], next: null });
  for (const query of ["limit=501", "cursor=0", "cursor=1e99", "author=%00", "deed=x"]) {
    expectProblem(await api.call("GET", `/api/v1/audit?${query}`, { token }), 400);
  }
});

test("verdicts are counted per playbook", async ({ api, db }) => {
  const run = await insertRun(db);
  const id = await insertEmail(db, run, "sent");
  const token = await api.token();
  const say = (author: string, verdict: string) =>
    api.call("PUT", `/api/v1/actions/${id}/verdict`, { token, body: { verdict, author } });
  await say("anna", "noise");
  await say("bruno", "wrong");
  await say("anna", "useful");
  const { body } = await api.call("GET", "/api/v1/playbooks/verdicts", { token });
  expect(body).toEqual({ playbooks: [{ playbook: "save", useful: 1, noise: 0, wrong: 1 }] });
});

test("records cannot be sent in the name of what people do by hand", async ({ api }) => {
  const answer = await api.call("POST", "/api/v1/records", { token: await api.token(), body: { source: "hand" } });
  expect(expectProblem(answer, 400)).toContain("people");
});

test("what people said of an account reads back, newest first, and only what is known by now", async ({ api, db }) => {
  await begin(db);
  const token = await api.token();
  for (const [path, body] of [
    ["notes", { text: "they are hiring", at: "2026-03-02T08:00:00Z" }],
    ["pulses", { score: 2, note: "cold", at: "2026-03-04T08:00:00Z" }],
    ["touchpoints", { type: "call", note: "no answer", at: "2026-03-03T08:00:00Z" }],
  ] as const) {
    expect((await api.call("POST", `${of}/${path}`, { token, body })).status).toBe(201);
  }
  const said = await api.call("GET", `${of}/notes?limit=2`, { token });
  expect(said.body).toEqual({
    account: "acme",
    notes: [
      { kind: "pulse", at: "2026-03-04T08:00:00.000Z", by: "token 1", score: 2, type: null, text: "cold" },
      {
        kind: "touchpoint",
        at: "2026-03-03T08:00:00.000Z",
        by: "token 1",
        score: null,
        type: "call",
        text: "no answer",
      },
    ],
  });
  expectProblem(await api.call("GET", "/api/v1/accounts/nobody/notes", { token }), 404);
});
