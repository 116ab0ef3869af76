import { once } from "node:events";
import { connect } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { type Api, serve, test } from "./api.ts";
import { malformed } from "./malformed-json.ts";
import { expectProblem } from "./problems.ts";

const path = "/api/v1/records";
const account = { kind: "account", id: "acme", at: "2026-03-01T10:00:00Z", set: { name: "Acme" } };
const good = JSON.stringify({ records: [account] });

type Headers = Readonly<Record<string, string>>;

const post = async (api: Api, body: string | Buffer, headers: Headers = {}) =>
  api.call("POST", path, { token: await api.token(), body, headers });

async function expectNothingWritten(db: Db): Promise<void> {
  const { rows } = await sql`
    select from accounts union all select from record_changes union all select from usage_daily
    union all select from held_inputs union all select from stream_coverage union all select from idempotency_keys`.execute(
    db,
  );
  expect(rows).toEqual([]);
}

test("no malformed document is taken, none is a fault of ours, and nothing of them is kept", async ({ api, db }) => {
  const token = await api.token();
  const headers = { "idempotency-key": "malformed" };
  const answers: unknown[] = [];
  for (const [what, body] of malformed) {
    const answer = await api.call("POST", path, { token, body, headers });
    const detail = expectProblem(answer, 400);
    answers.push([what, /^The body is not (JSON|UTF-8)/.test(detail)]);
  }
  expect(answers).toEqual(malformed.map(([what]) => [what, true]));
  await expectNothingWritten(db);
  expect((await post(api, good)).body).toMatchObject({ written: 1 });
});

test("documents of another form than ours are refused as such", async ({ api, db }) => {
  const token = await api.token();
  for (const body of ["null", "true", "0", '""', "[]", "[[[]]]", '{"":0}', '"\\ud800"', "-0", "1e400"]) {
    expectProblem(await api.call("POST", path, { token, body }), 400);
  }
  await expectNothingWritten(db);
});

test("a byte order mark before the document is no fault", async ({ api }) => {
  expect(await post(api, `\ufeff${good}`)).toMatchObject({ status: 200, body: { written: 1 } });
});

test("of a key that stands twice the last one counts", async ({ api }) => {
  const body = `{"records":[${JSON.stringify(account)}],"records":[]}`;
  expect(await post(api, body)).toMatchObject({ status: 200, body: { written: 0 } });
});

describe("depth", () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
  const payload = (depth: number) =>
    `{"records":[{"kind":"event","id":"e","account":"acme","at":"2026-03-01T10:00:00Z","set":{"name":"n","payload":{"p":${nested(depth, "[", "]")}}}}]}`;

  test("of 20,000 levels is refused before anything recurses", async ({ api, db }) => {
    const bodies = [
      nested(20_000, "[", "]"),
      nested(20_000, '{"a":', "}").replace(":}", ":0}"),
      `{"records":${nested(20_000, "[", "]")}}`,
      payload(20_000),
      "[".repeat(5_000_000),
    ];
    for (const body of bodies) expect(expectProblem(await post(api, body), 400)).toContain("32 levels");
    await expectNothingWritten(db);
  });

  test("is counted outside of texts only", async ({ api }) => {
    const name = `${"[".repeat(200)}\\"${"{".repeat(50)}\\\\`;
    const body = good.replace("Acme", name);
    expect(await post(api, body)).toMatchObject({ status: 200, body: { written: 1 } });
  });

  test("of 32 levels is taken", async ({ api }) => {
    expect(await post(api, payload(27))).toMatchObject({ status: 200 });
    expectProblem(await post(api, payload(28)), 400);
  });

  test("is counted in one pass, also where quotes are escaped for megabytes", async ({ api }) => {
    expectProblem(await post(api, `["${'\\"'.repeat(4_000_000)}`), 400);
  });
});

test("millions of tiny values are refused before they are built", async ({ api, db }) => {
  for (const value of ["[]", "{}", "0", '""']) {
    const body = `{"records":[${`${value},`.repeat(1_000_000)}0]}`;
    expect(expectProblem(await post(api, body), 400)).toContain("500000 values");
  }
  await expectNothingWritten(db);
});

describe("size", () => {
  const bomb = Buffer.alloc(50 * 1024 * 1024, "[");

  test("past 10 MB is refused", async ({ api, db }) => {
    expectProblem(await post(api, Buffer.alloc(20 * 1024 * 1024, " ")), 413);
    await expectNothingWritten(db);
  });

  test.for([
    ["gzip", gzipSync(bomb)],
    ["br", brotliCompressSync(bomb)],
    ["deflate", deflateSync(bomb)],
  ] as const)("is counted inflated: a bomb in %s is refused", async ([encoding, body], { api, db }) => {
    expectProblem(await post(api, body, { "content-encoding": encoding }), 413);
    await expectNothingWritten(db);
  });

  test("may be packed", async ({ api }) => {
    expect(await post(api, gzipSync(good), { "content-encoding": "gzip" })).toMatchObject({ status: 200 });
    expect(await post(api, brotliCompressSync(good), { "content-encoding": "br" })).toMatchObject({ status: 200 });
  });

  test("a packing that is broken, unknown, or packed twice is refused", async ({ api, db }) => {
    const packed = gzipSync(good);
    expectProblem(await post(api, packed.subarray(0, 20), { "content-encoding": "gzip" }), 400);
    expectProblem(await post(api, good, { "content-encoding": "gzip" }), 400);
    expectProblem(await post(api, good, { "content-encoding": "br" }), 400);
    expectProblem(await post(api, good, { "content-encoding": "zip" }), 415);
    expectProblem(await post(api, gzipSync(packed), { "content-encoding": "gzip, gzip" }), 415);
    expectProblem(await post(api, gzipSync(packed), { "content-encoding": "gzip" }), 400);
    await expectNothingWritten(db);
  });
});

describe("the content type", () => {
  test.for([
    "text/plain",
    "text/json; x=",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/octet-stream",
    "application/jsonx",
    "application/x-ndjson",
    "application/json; charset=latin1",
    'application/json; charset="utf-16"',
    "json",
    "*/*",
    "",
  ])("%j is refused", async (type, { api, db }) => {
    expectProblem(await post(api, good, { "content-type": type }), 415);
    await expectNothingWritten(db);
  });

  test.for([
    "application/json",
    "Application/JSON",
    "application/json; charset=UTF-8",
    'application/json;charset="utf-8"',
    "application/vnd.example+json",
  ])("%j is taken", async (type, { api }) => {
    expect((await post(api, good, { "content-type": type })).status).toBe(200);
  });

  test("without a body is not enough", async ({ api }) => {
    expectProblem(await post(api, ""), 400);
    expectProblem(await api.call("POST", path, { token: await api.token() }), 415);
  });
});

describe("a client that", () => {
  const head = (token: string, length: string) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;

  /** What a server says to bytes sent as they are, until it hangs up. */
  async function say(api: Api, text: string): Promise<string> {
    const socket = connect(Number(new URL(api.server.url).port), "127.0.0.1");
    let heard = "";
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    socket.on("error", () => undefined);
    socket.write(text);
    await once(socket, "close");
    return heard;
  }

  test("never ends its body, or its headers, is hung up on", async ({ db }) => {
    const api = await serve(db, { limits: { headersMs: 300, requestMs: 300 } });
    const token = await api.token();
    for (const text of [head(token, "Content-Length: 1000"), head(token, "Content-Length: 9").slice(0, 60)]) {
      expect(await say(api, text)).toMatch(/^HTTP\/1\.1 408 /);
    }
    expect((await api.call("GET", "/healthz")).status).toBe(200);
    await api.server.stop();
    await expectNothingWritten(db);
  });

  test("goes away in the middle of its body leaves nothing", async ({ api, db }) => {
    const socket = connect(Number(new URL(api.server.url).port), "127.0.0.1");
    socket.write(`${head(await api.token(), `Content-Length: ${good.length + 1}`)}${good}`);
    socket.end();
    socket.resume();
    await once(socket, "close");
    expect((await post(api, "{}")).status).toBe(200);
    await expectNothingWritten(db);
  });

  test("sends what is no HTTP, or says two lengths, is refused", async ({ api, db }) => {
    const token = await api.token();
    const close = `Connection: close\r\nContent-Length: ${good.length}`;
    const smuggled = `${head(token, `${close}\r\nTransfer-Encoding: chunked`)}${good}`;
    const twoLengths = `${head(token, `${close}\r\nContent-Length: 3`)}${good}`;
    const longHeader = head(token, `${close}\r\nX-Long: ${"x".repeat(100_000)}`);
    for (const text of ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "\0\0\0\0\r\n\r\n", smuggled, twoLengths, longHeader]) {
      expect(await say(api, text)).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
    await expectNothingWritten(db);
  });
});
