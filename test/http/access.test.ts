import { describe, expect } from "vitest";
import { revokeToken, type TokenScope, tokenScopes } from "../../src/store/tokens.ts";
import { listRoutes, test } from "./api.ts";
import { expectProblem } from "./problems.ts";

/** A write key of a source opens these, no token. */
function trackingRoutes(): Record<string, "everyone"> {
  const calls = ["identify", "group", "track", "page", "screen", "alias", "batch", "import"];
  const paths = [...calls, "i", "g", "t", "p", "s", "a", "b"];
  return Object.fromEntries(
    paths.flatMap((path) => [
      [`POST /v1/${path}`, "everyone"],
      [`OPTIONS /v1/${path}`, "everyone"],
    ]),
  );
}

/** Who may call what. A route that is not in this table fails the first test. */
const access: Readonly<Record<string, "everyone" | TokenScope>> = {
  "GET /healthz": "everyone",
  "GET /readyz": "everyone",
  "GET /metrics": "everyone",
  // Whoever signs as its source.
  "POST /webhooks/:source": "everyone",
  ...trackingRoutes(),
  // Whoever holds a signed link.
  "GET /s/:token/:score": "everyone",
  "POST /s/:token/:score": "everyone",
  "GET /u/:token": "everyone",
  "POST /u/:token": "everyone",
  "POST /api/v1/records": "records:write",
  "GET /api/v1/accounts": "accounts:read",
  "GET /api/v1/accounts/:id": "accounts:read",
  "POST /api/v1/accounts/:id/pulses": "accounts:write",
  "POST /api/v1/accounts/:id/notes": "accounts:write",
  "POST /api/v1/accounts/:id/touchpoints": "accounts:write",
  "PUT /api/v1/accounts/:id/override": "accounts:write",
  "DELETE /api/v1/accounts/:id/override": "accounts:write",
  "PUT /api/v1/accounts/:id/stage": "accounts:write",
  "DELETE /api/v1/accounts/:id/stage": "accounts:write",
  "PUT /api/v1/accounts/:id/snooze": "accounts:write",
  "DELETE /api/v1/accounts/:id/snooze": "accounts:write",
  "PUT /api/v1/accounts/:id/milestones/:milestone": "accounts:write",
  "DELETE /api/v1/accounts/:id/milestones/:milestone": "accounts:write",
  "PUT /api/v1/actions/:id/verdict": "accounts:write",
  "GET /api/v1/playbooks": "accounts:read",
  "PUT /api/v1/playbooks/:id/snooze": "accounts:write",
  "DELETE /api/v1/playbooks/:id/snooze": "accounts:write",
  "POST /api/v1/playbooks/:id/brake": "accounts:write",
  "GET /api/v1/accounts/:id/playbooks/:playbook": "accounts:read",
  "GET /api/v1/playbooks/verdicts": "accounts:read",
  "GET /api/v1/audit": "accounts:read",
  "GET /api/v1/tasks": "tasks:read",
  "POST /api/v1/tasks": "tasks:write",
  "POST /api/v1/tasks/:id/assign": "tasks:write",
  "POST /api/v1/tasks/:id/done": "tasks:write",
  "POST /api/v1/tasks/:id/snooze": "tasks:write",
  "POST /api/v1/tasks/:id/reopen": "tasks:write",
  "GET /api/v1/accounts/:id/journey": "accounts:read",
  "GET /api/v1/accounts/:id/notes": "accounts:read",
  "GET /api/v1/config": "config:read",
  "GET /api/v1/config/history": "config:read",
  "POST /api/v1/config/check": "config:read",
  "POST /api/v1/config/rollback": "config:write",
  "GET /api/v1/config/:kind/:id": "config:read",
  "PUT /api/v1/config/:kind/:id": "config:write",
  "DELETE /api/v1/config/:kind/:id": "config:write",
  "GET /api/v1/config/:kind/:id/history": "config:read",
  "GET /api/v1/sources": "accounts:read",
  "GET /api/v1/unmatched": "accounts:read",
  "POST /api/v1/unmatched/:source/:id/match": "accounts:write",
};

const split = (route: string) => {
  const [method = "", path = ""] = route.split(" ");
  const named = path
    .replace(":source", "crm")
    .replace(":id", "acme")
    .replace(":milestone", "go-live")
    .replace(":playbook", "save");
  return { method, path: named.replace(":kind", "nothing") };
};
const guarded = Object.entries(access).flatMap(([route, scope]) =>
  scope === "everyone" ? [] : [{ route, scope, ...split(route) }],
);

test("every route stands in the table of who may call it", ({ db }) => {
  expect(listRoutes(db).sort()).toEqual(Object.keys(access).sort());
});

describe.each(guarded)("$route", ({ method, path, scope }) => {
  const body = method === "POST" || method === "PUT" ? {} : undefined;
  const call = { ...(body === undefined ? {} : { body }) };

  test("answers all that is no valid token alike, and asks for one", async ({ api, db }) => {
    const revoked = await api.token();
    await revokeToken(db, "token 1", new Date());
    const good = await api.token();
    const presented = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Basic a3dfOmE=",
      good,
      `Bearer ${good.slice(0, -1)}`,
      `Bearer ${good}x`,
      `Bearer ${good} ${good}`,
      `Bearer ${good}, Bearer ${good}`,
      `Token ${good}`,
      "Bearer null",
      `Bearer kw_${"A".repeat(43)}`,
      `Bearer ' or true --`,
      `Bearer ${revoked}`,
      `Bearer ${"x".repeat(8000)}`,
    ];
    for (const authorization of presented) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await api.call(method, path, { ...call, headers });
      expect(expectProblem(answer, 401)).toBe("A valid bearer token is needed: see `keepwell token create`.");
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="keepwell"');
    }
  });

  test("refuses a token of every other scope, and names the one it needs", async ({ api }) => {
    const others = tokenScopes.filter((one) => one !== scope);
    for (const scopes of [others, []]) {
      const answer = await api.call(method, path, { ...call, token: await api.token(scopes) });
      expect(expectProblem(answer, 403)).toBe(`The token does not have the scope ${scope}.`);
      expect(answer.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
    }
  });

  test("lets a token of its scope through, however Bearer is written", async ({ api }) => {
    const token = await api.token([scope]);
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const answer = await api.call(method, path, { ...call, headers: { authorization: `${scheme} ${token}` } });
      // Past the door: what it asks for may be wrong, or not there.
      expect([200, 400, 404]).toContain(answer.status);
    }
  });

  test("takes no token from the query", async ({ api }) => {
    const token = await api.token([scope]);
    expectProblem(await api.call(method, `${path}?access_token=${token}`, call), 401);
  });
});

const routes = Object.keys(access).map(split);
const paths = [...new Set(routes.map(({ path }) => path))];

describe.each(
  paths.map((path) => ({ path, methods: routes.filter((one) => one.path === path).map(({ method }) => method) })),
)("$path", ({ path, methods }) => {
  test("answers other methods with 405 and the ones it takes", async ({ api }) => {
    for (const other of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      if (methods.includes(other)) continue;
      const answer = await api.call(other, path);
      expectProblem(answer, 405);
      const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
      expect(answer.headers.get("allow")?.split(", ")).toEqual(allowed);
    }
  });
});

test("what is not there is 404, with and without a token", async ({ api }) => {
  const token = await api.token();
  for (const path of ["/", "/api", "/api/v1", "/api/v2/accounts", "/api/v1/accounts/a/b", "/.env", "/webhooks"]) {
    expect(expectProblem(await api.call("GET", path), 404)).toContain(path);
    expectProblem(await api.call("POST", path, { token, body: {} }), 404);
  }
});

test("a path that cannot be decoded is 400", async ({ api }) => {
  const token = await api.token();
  expectProblem(await api.call("GET", "/api/v1/accounts/%E0%A4%A", { token }), 400);
});

test("answers name no software and are not for sniffing", async ({ api }) => {
  const { headers } = await api.call("GET", "/healthz");
  expect(headers.get("x-powered-by")).toBeNull();
  expect(headers.get("server")).toBeNull();
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});
