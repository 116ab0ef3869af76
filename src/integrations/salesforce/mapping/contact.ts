import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { emailOf, labelOf } from "../../record-values.ts";
import { deletionOf, ifSaid, readRow, rowBase, words } from "./row.ts";

const contactRow = z.looseObject({ ...rowBase, AccountId: words, Name: words, Email: words, Title: words });

/** A Contact as it is now. One without an account is private to its owner and says nothing of a customer. */
export function mapContact(raw: unknown): Mapped {
  const read = readRow(contactRow, raw);
  if ("skipped" in read) return read;
  const { Id: id, SystemModstamp: at, AccountId: account, IsDeleted, Name, Email, Title } = read.row;
  if (IsDeleted === true) return deletionOf("contact", read.row);
  if (!account) return {};
  const set = { name: ifSaid(Name, labelOf), email: ifSaid(Email, emailOf), title: ifSaid(Title, labelOf) };
  return { inputs: [{ kind: "contact", id, account, at, set }] };
}
