import type { Input } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import { addressesIn, mayHoldAddress, plainAddress } from "../erasure/addresses.ts";
import { eraseInput, makeEraser } from "../erasure/eraser.ts";
import { type Hasher, isNobodyErased, lockErasures, openHasher } from "../erasure/hasher.ts";
import type { KnownInput, Rejection } from "./known-input.ts";

/** What is left of a batch. */
export interface Sifted {
  readonly storable: readonly KnownInput[];
  readonly rejected: readonly Rejection[];
}

/**
 * Keeps erased persons out: their contact records are rejected, and their e-mail addresses are taken out of everything else. As long as
 * nobody was erased it costs a lock and a look at an empty table.
 */
export async function keepOutErased(tx: Tx, inputs: readonly KnownInput[], now: Date): Promise<Sifted> {
  await lockErasures(tx, "together");
  if (await isNobodyErased(tx)) return { storable: inputs, rejected: [] };
  const hasher = await openHasher(tx);
  const erased = await readErased(tx, [...new Set(inputs.flatMap((each) => hashesOf(each, hasher)))]);
  if (erased.size === 0) return { storable: inputs, rejected: [] };
  const storable: KnownInput[] = [];
  const rejected: Rejection[] = [];
  const ids: string[] = [];
  for (const each of inputs) {
    if (isErasedContact(each, hasher, erased)) {
      rejected.push({ index: each.index, reason: "an erased person", cause: "an erased person" });
      ids.push(hasher.contact(each.source, each.input.id ?? ""));
    } else storable.push(withoutErased(each, hasher, erased));
  }
  await rememberIds(tx, ids, now);
  return { storable, rejected };
}

async function readErased(tx: Tx, hashes: readonly string[]): Promise<ReadonlySet<string>> {
  if (hashes.length === 0) return new Set();
  const rows = await tx.selectFrom("erasures").select("hash").where("hash", "in", hashes).execute();
  return new Set(rows.map((row) => row.hash));
}

function hashesOf({ source, input }: KnownInput, hasher: Hasher): string[] {
  const json = input.kind === "contact" || mayHoldAddress(JSON.stringify(input)) ? addressesOf(input) : [];
  return [...json.map(hasher.email), ...idsOf(input).map((id) => hasher.contact(source, id))];
}

function addressesOf(input: Input): string[] {
  const texts = textsIn(input).flatMap(addressesIn);
  return input.kind === "contact" && input.set.email ? [...texts, plainAddress(input.set.email)] : texts;
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
}

/** The ids by which an input names a contact: its own, who answered a survey, who used the product. */
function idsOf(input: Input): string[] {
  if (input.kind === "contact") return [input.id];
  if (input.kind === "survey") return input.set.contact ? [input.set.contact] : [];
  return input.kind === "usage" && input.user !== undefined ? [input.user] : [];
}

function isErasedContact({ source, input }: KnownInput, hasher: Hasher, erased: ReadonlySet<string>): boolean {
  if (input.kind !== "contact") return false;
  if (erased.has(hasher.contact(source, input.id))) return true;
  const email = input.set.email;
  return (typeof email === "string" && erased.has(hasher.email(email))) || erased.has(hasher.email(input.id));
}

function withoutErased(each: KnownInput, hasher: Hasher, erased: ReadonlySet<string>): KnownInput {
  const { input } = each;
  const isErased = (id: string) => erased.has(hasher.contact(each.source, id)) || erased.has(hasher.email(id));
  const eraser = makeEraser({
    hashOfAddress: (plain) => {
      const hash = hasher.email(plain);
      return erased.has(hash) ? hash : null;
    },
    names: [],
    hashOfName: hasher.name,
  });
  if (input.kind === "usage") {
    const { user, ...nobody } = input;
    if (!mayHoldAddress(JSON.stringify(input)) && (user === undefined || !isErased(user))) return each;
    const keptAs = eraseInput(eraser, user === undefined || isErased(user) ? nobody : input);
    return { ...each, input: { ...input, account: keptAs.account }, keptAs };
  }
  const clean = mayHoldAddress(JSON.stringify(input)) ? eraseInput(eraser, input) : input;
  // Without who answered it, a survey still counts.
  if (clean.kind === "survey" && input.kind === "survey" && input.set.contact && isErased(input.set.contact)) {
    return { ...each, input: { ...clean, set: { ...clean.set, contact: null } } };
  }
  return { ...each, input: clean };
}

/** Met under a new id, the person is known by it from now on: its next change may come without the address. */
async function rememberIds(tx: Tx, hashes: readonly string[], now: Date): Promise<void> {
  if (hashes.length === 0) return;
  await tx
    .insertInto("erasures")
    .values([...new Set(hashes)].map((hash) => ({ hash, kind: "contact", erasedAt: now, author: "keepwell" })))
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}
