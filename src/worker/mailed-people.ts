import type { Configuration } from "../playbooks/configuration.ts";
import { capMails } from "../playbooks/mail/contact-cap.ts";
import { noPause, type PauseOf } from "../playbooks/mail/customer-mail.ts";
import type { Subject } from "../playbooks/subject.ts";
import { parseDuration } from "../scoring/duration.ts";
import { readMailTimes } from "../store/customer-mail.ts";
import type { Tx } from "../store/db.ts";
import { holdContacts } from "../store/held-contacts.ts";

/** Who of the contacts, and of those whom steps name, was mailed enough; nobody is looked up where guards.json sets no cap. */
export async function loadMailedPeople(
  tx: Tx,
  { guards, playbooks }: Configuration,
  contacts: readonly Subject["contact"][],
  now: Date,
): Promise<PauseOf> {
  const { maxPerContact } = guards;
  if (maxPerContact === undefined) return noPause;
  const cap = { mails: maxPerContact.mails, perMs: parseDuration(maxPerContact.per) ?? 0 };
  const named = playbooks
    .flatMap(({ steps }) => steps)
    .flatMap((step) => (step.kind === "email" && typeof step.to === "object" ? [step.to.address] : []));
  const people = await holdContacts(
    tx,
    contacts.flatMap((contact) => contact?.email ?? []),
  );
  const times = await readMailTimes(tx, [...people, ...named], new Date(now.getTime() - cap.perMs));
  return capMails(cap, times, now.getTime());
}
