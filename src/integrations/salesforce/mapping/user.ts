import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { labelOf } from "../../record-values.ts";
import { readRow, rowBase, words } from "./row.ts";

const userRow = z.looseObject({ ...rowBase, Name: words, Email: words });

/** A User, who may own accounts; also one who is no longer active, for accounts still name them. */
export function mapUser(raw: unknown): Mapped {
  const read = readRow(userRow, raw);
  if ("skipped" in read) return read;
  const { Id: externalId, Email: email, Name: name } = read.row;
  return { owners: [{ externalId, email: labelOf(email), name: labelOf(name) }] };
}
