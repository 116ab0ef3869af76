import { z } from "zod";
import { writeAudit } from "../../store/audit.ts";
import type { Tx } from "../../store/db.ts";
import { mergeAccounts, readSurvivor } from "../../store/identity/merge-accounts.ts";
import {
  dismissAccount,
  type NamedAccount,
  type Placing,
  placeAccount,
  placeAsNew,
  takeOff,
} from "../../store/identity/placing.ts";
import { notify } from "../../store/notify.ts";
import { auditRow, type Hand, type HandOutcome } from "../by-hand/hand.ts";

/** What a deed on an account of a source came to, as both doors tell it. */
export const placingDeedSchema = z.strictObject({
  /** Such as `identity.match`. */
  deed: z.string(),
  source: z.string(),
  /** The source's id for the account. */
  id: z.string(),
  /** Our account's key; null where it is none of ours. */
  account: z.string().nullable(),
  /** Inputs that had waited and were applied, or wait again, or were dropped. */
  inputs: z.int(),
});
export type PlacingDeed = z.infer<typeof placingDeedSchema>;

/** What the API takes to place an account: the key of ours. */
export const matchWish = z.strictObject({
  account: z
    .string()
    .min(1)
    .max(300)
    .refine((text) => !/\0|\p{Cs}/u.test(text), { error: "holds a NUL or a broken character" }),
});

type Answer = HandOutcome<PlacingDeed>;

/** Says which of our accounts a source means by an id. */
export async function matchAccount(
  tx: Tx,
  named: NamedAccount,
  account: { readonly accountId: number },
  hand: Hand,
  now: Date,
): Promise<Answer> {
  const placing = await placeAccount(tx, { ...named, author: hand.author }, account.accountId, now);
  return keepPlacing(tx, "identity.match", named, placing, hand, now);
}

/** Makes an account of one that nobody could place. */
export async function makeAccount(
  tx: Tx,
  named: NamedAccount,
  key: string | null,
  hand: Hand,
  now: Date,
): Promise<Answer> {
  const placing = await placeAsNew(tx, { ...named, author: hand.author }, key, now);
  return keepPlacing(tx, "identity.new", named, placing, hand, now);
}

/** Says that an account of a source is none of ours. */
export async function dismissUnmatched(tx: Tx, named: NamedAccount, hand: Hand, now: Date): Promise<Answer> {
  const dismissed = await dismissAccount(tx, { ...named, author: hand.author });
  if (dismissed === null) return { kind: "missing", reason: `${wordsFor(named)} is not among the unmatched` };
  const { dropped: inputs } = dismissed;
  return keep(tx, { deed: "identity.dismiss", named, account: null, accountId: null, inputs }, hand, now);
}

/** Undoes that a source means an account of ours by an id. */
export async function unmatchAccount(tx: Tx, named: NamedAccount, hand: Hand, now: Date): Promise<Answer> {
  const taken = await takeOff(tx, { ...named, author: hand.author }, now);
  if (taken === null) return { kind: "missing", reason: `${wordsFor(named)} means no account of ours` };
  const { accountId, key, returned } = taken;
  const inputs = returned ?? 0;
  return keep(tx, { deed: "identity.unmatch", named, account: key, accountId, inputs }, hand, now);
}

/** What a merge by hand came to, as both doors tell it. */
export const mergeDeedSchema = z.strictObject({ deed: z.string(), from: z.string(), into: z.string() });
export type MergeDeed = z.infer<typeof mergeDeedSchema>;

/** Lets one of our accounts go up in another. Of those that went up in others already, these are meant. */
export async function mergeByHand(
  tx: Tx,
  named: { readonly from: number; readonly into: number },
  hand: Hand,
  now: Date,
): Promise<HandOutcome<MergeDeed>> {
  const [from, into] = [await readSurvivor(tx, named.from), await readSurvivor(tx, named.into)];
  if (from.accountId === into.accountId) return { kind: "refused", reason: `${from.key} is ${into.key} already` };
  await mergeAccounts(tx, { fromId: from.accountId, intoId: into.accountId, reason: `merged by ${hand.author}` }, now);
  const { accountId } = into;
  const data = { from: from.key, into: into.key };
  await writeAudit(tx, [auditRow(hand, { deed: "account.merge", accountId, subject: from.key, data })], now);
  await notify(tx, "score");
  return { kind: "done", done: { deed: "account.merge", ...data } };
}

function wordsFor({ source, externalId }: NamedAccount): string {
  return `${externalId} of ${source}`;
}

async function keepPlacing(
  tx: Tx,
  deed: string,
  named: NamedAccount,
  placing: Placing,
  hand: Hand,
  now: Date,
): Promise<Answer> {
  switch (placing.kind) {
    case "placed-before":
      return { kind: "conflict", reason: `${wordsFor(named)} is ${placing.key} already: unmatch it first` };
    case "key-taken":
      return { kind: "conflict", reason: `There is an account ${placing.key} already: give another key, or match it` };
    case "placed": {
      const { accountId, key: account, applied: inputs } = placing;
      return keep(tx, { deed, named, account, accountId, inputs }, hand, now);
    }
    default:
      return placing satisfies never;
  }
}

interface Kept {
  readonly deed: string;
  readonly named: NamedAccount;
  readonly account: string | null;
  readonly accountId: number | null;
  readonly inputs: number;
}

async function keep(tx: Tx, { deed, named, account, accountId, inputs }: Kept, hand: Hand, now: Date): Promise<Answer> {
  const { source, externalId: id } = named;
  const row = { deed, accountId, subject: `${source}/${id}`, data: { account, inputs } };
  await writeAudit(tx, [auditRow(hand, row)], now);
  await notify(tx, "score");
  return { kind: "done", done: { deed, source, id, account, inputs } };
}
