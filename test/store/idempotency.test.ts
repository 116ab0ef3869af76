import { expect } from "vitest";
import { forgetIdempotentAnswers, readIdempotentAnswer, storeIdempotentAnswer } from "../../src/store/idempotency.ts";
import { createToken } from "../../src/store/tokens.ts";
import { test } from "../support/database.ts";

test("an answer is kept for its key, and forgotten once it is old enough", async ({ db }) => {
  const created = await createToken(db, { name: "app", scopes: [] }, new Date());
  const tokenId = created.kind === "created" ? created.id : 0;
  const answer = { requestHash: "abc", status: 200, response: { written: 1 } };
  const read = () => db.transaction().execute((tx) => readIdempotentAnswer(tx, tokenId, "one"));
  expect(await read()).toBeNull();
  await db.transaction().execute((tx) => storeIdempotentAnswer(tx, { tokenId, key: "one", ...answer }));
  expect(await read()).toEqual(answer);
  const { createdAt } = await db.selectFrom("idempotencyKeys").select("createdAt").executeTakeFirstOrThrow();
  expect(await forgetIdempotentAnswers(db, createdAt)).toBe(0);
  expect(await read()).toEqual(answer);
  expect(await forgetIdempotentAnswers(db, new Date(createdAt.getTime() + 1))).toBe(1);
  expect(await read()).toBeNull();
});
