import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { sql } from "kysely";
import type { Db } from "./db.ts";

/** What a token may be good for. */
export const tokenScopes = [
  "accounts:read",
  "accounts:write",
  "config:read",
  "config:write",
  "records:write",
  "tasks:read",
  "tasks:write",
] as const;
export type TokenScope = (typeof tokenScopes)[number];

/** A token without its secret, which only its holder knows. */
export interface ApiToken {
  readonly id: number;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export type TokenCreated =
  | { readonly kind: "created"; readonly token: string; readonly id: number }
  | { readonly kind: "name-taken" };

const tokenShape = /^kw_[A-Za-z0-9_-]{43}$/;

/** Mints a token under a new name. It is told here, once: the database keeps only its hash. */
export async function createToken(
  db: Db,
  wanted: { readonly name: string; readonly scopes: readonly TokenScope[] },
  now: Date,
): Promise<TokenCreated> {
  const token = `kw_${randomBytes(32).toString("base64url")}`;
  const row = await db
    .insertInto("apiTokens")
    .values({ name: wanted.name, scopes: [...wanted.scopes], hash: hashToken(token).toString("hex"), createdAt: now })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row === undefined ? { kind: "name-taken" } : { kind: "created", token, id: row.id };
}

/** The token somebody presents, or null when it is none of ours or was revoked. Its use is noted, once a minute at most. */
export async function verifyToken(db: Db, presented: string, now: Date): Promise<ApiToken | null> {
  if (!tokenShape.test(presented)) return null;
  const hash = hashToken(presented);
  const row = await db
    .selectFrom("apiTokens")
    .selectAll()
    .where("hash", "=", hash.toString("hex"))
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  if (row === undefined || !timingSafeEqual(Buffer.from(row.hash, "hex"), hash)) return null;
  await sql`
    update api_tokens set last_used_at = ${now}
    where id = ${row.id} and (last_used_at is null or last_used_at < ${now}::timestamptz - interval '1 minute')`.execute(
    db,
  );
  return toToken(row);
}

/** Every token, in order of name, revoked ones too. */
export async function listTokens(db: Db): Promise<readonly ApiToken[]> {
  const rows = await db.selectFrom("apiTokens").selectAll().orderBy("name").execute();
  return rows.map(toToken);
}

/** Ends a token for good; false when there is none of that name in force. */
export async function revokeToken(db: Db, name: string, now: Date): Promise<boolean> {
  const result = await db
    .updateTable("apiTokens")
    .set({ revokedAt: now })
    .where("name", "=", name)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** 32 random bytes need no salt and no slow hash. */
function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function toToken(row: Omit<ApiToken, "scopes"> & { readonly scopes: readonly string[] }): ApiToken {
  const { id, name, createdAt, lastUsedAt, revokedAt } = row;
  const scopes = tokenScopes.filter((scope) => row.scopes.includes(scope));
  return { id, name, scopes, createdAt, lastUsedAt, revokedAt };
}
