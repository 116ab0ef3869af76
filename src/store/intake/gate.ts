import { sql } from "kysely";
import type { Tx } from "../db.ts";

// Any number that no other program picks.
const gate = 7_310_579_460_022;

/**
 * Keeps writers of records apart where rows alone cannot: many may pass at once, or one alone that makes accounts, states coverage or
 * takes held inputs. Taken before any row is locked and held to the end of the transaction.
 */
export async function passGate(tx: Tx, how: "together" | "alone"): Promise<void> {
  await (how === "alone"
    ? sql`select pg_advisory_xact_lock(${gate}::bigint)`.execute(tx)
    : sql`select pg_advisory_xact_lock_shared(${gate}::bigint)`.execute(tx));
}
