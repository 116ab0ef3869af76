import { expect } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { erasePerson } from "../../src/store/erasure.ts";
import { openLinkSigner } from "../../src/store/link-signer.ts";
import { listSuppressions } from "../../src/store/mail-suppressions.ts";
import { test } from "./api.ts";

const tokenOf = async (db: Db, address = "kim@example.com") => (await openLinkSigner(db)).sign("unsubscribe", address);
const suppressed = async (db: Db) => (await listSuppressions(db, { limit: 10 })).map(({ address }) => address);

test("looking at the page changes nothing, however often scanners open the link", async ({ api, db }) => {
  const path = `/u/${await tokenOf(db)}`;
  for (const method of ["GET", "HEAD", "GET"]) expect((await api.call(method, path)).status).toBe(200);
  const page = await api.call("GET", path);
  expect(page.body).toContain('<form method="post">');
  expect(page.body).toContain("kim@example.com");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await suppressed(db)).toEqual([]);
});

test.for([
  ["the one click of a mail program", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"],
  ["the one click as a form of several parts", "multipart/form-data; boundary=x", "--x--"],
  ["a POST without a body", "text/plain", ""],
])("%s unsubscribes, without cookies and as often as it comes", async ([, type = "", body = ""], { api, db }) => {
  const path = `/u/${await tokenOf(db)}`;
  for (let turn = 0; turn < 3; turn += 1) {
    const answer = await api.call("POST", path, { body, headers: { "content-type": type } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.body).toContain("You have unsubscribed");
  }
  expect(await listSuppressions(db, { limit: 10 })).toMatchObject([
    { address: "kim@example.com", reason: "unsubscribed", detail: "by the link in a mail" },
  ]);
});

test("a link that we did not sign is unknown, whatever was changed of it", async ({ api, db }) => {
  const token = await tokenOf(db);
  const [content = "", signature = ""] = token.split(".");
  const other = Buffer.from("lee@example.com").toString("base64url");
  const forged = [
    `${other}.${signature}`,
    `${content}.${signature.slice(0, -1)}`,
    `${content}.${signature}x`,
    `${content}..${signature}`,
    `${content}=.${signature}`,
    content,
    `.${signature}`,
    "x".repeat(5000),
    (await openLinkSigner(db)).sign("survey", "kim@example.com"),
  ];
  for (const path of forged.map((each) => `/u/${each}`)) {
    for (const method of ["GET", "POST"]) expect((await api.call(method, path)).status).toBe(404);
  }
  expect(await suppressed(db)).toEqual([]);
});

test("markup in an address stays text", async ({ api, db }) => {
  const page = await api.call("GET", `/u/${await tokenOf(db, '"<script>"@example.com')}`);
  expect(page.body).not.toContain("<script>");
});

test("an erased person who unsubscribes is kept by a hash, and so is one who had", async ({ api, db }) => {
  const erase = (email: string) =>
    erasePerson(db, { who: { kind: "email", email }, author: "dpo", isPreview: false }, new Date());
  const before = `/u/${await tokenOf(db, "kim@example.com")}`;
  const after = `/u/${await tokenOf(db, "lee@example.com")}`;
  await api.call("POST", before);
  await erase("kim@example.com");
  await erase("lee@example.com");
  for (const path of [after, before, after]) expect((await api.call("POST", path)).status).toBe(200);
  expect(await suppressed(db)).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}$/),
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
});
