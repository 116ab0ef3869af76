import { describe, expect } from "vitest";
import { createToken, listTokens, revokeToken, verifyToken } from "../../src/store/tokens.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-03-02T08:00:00Z");
const wanted = { name: "warehouse", scopes: ["records:write"] } as const;

describe("a token", () => {
  test("opens with its own text only, and is kept as a hash", async ({ db }) => {
    const created = await createToken(db, wanted, now);
    if (created.kind !== "created") throw new Error("not created");
    expect(created.token).toMatch(/^kw_[A-Za-z0-9_-]{43}$/);
    expect(await verifyToken(db, created.token, now)).toMatchObject({ name: "warehouse", scopes: ["records:write"] });
    const lastCharacter = created.token.endsWith("A") ? "E" : "A";
    for (const wrong of ["", "kw_", `${created.token.slice(0, -1)}${lastCharacter}`, `${created.token} `]) {
      expect(await verifyToken(db, wrong, now)).toBeNull();
    }
    const row = await db.selectFrom("apiTokens").selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(created.token.slice(3));
  });

  test("is refused once it is revoked, and its name stays taken", async ({ db }) => {
    const created = await createToken(db, wanted, now);
    if (created.kind !== "created") throw new Error("not created");
    expect(await revokeToken(db, "warehouse", now)).toBe(true);
    expect(await verifyToken(db, created.token, now)).toBeNull();
    expect(await revokeToken(db, "warehouse", now)).toBe(false);
    expect(await createToken(db, wanted, now)).toEqual({ kind: "name-taken" });
  });

  test("notes its use, once a minute", async ({ db }) => {
    const created = await createToken(db, wanted, now);
    if (created.kind !== "created") throw new Error("not created");
    const usedAt = async (at: string) => {
      await verifyToken(db, created.token, new Date(at));
      return (await listTokens(db))[0]?.lastUsedAt?.toISOString();
    };
    expect(await usedAt("2026-03-02T08:00:00Z")).toBe("2026-03-02T08:00:00.000Z");
    expect(await usedAt("2026-03-02T08:00:30Z")).toBe("2026-03-02T08:00:00.000Z");
    expect(await usedAt("2026-03-02T08:01:01Z")).toBe("2026-03-02T08:01:01.000Z");
  });
});
