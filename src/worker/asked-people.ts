import type { Configuration } from "../playbooks/configuration.ts";
import type { Subject } from "../playbooks/subject.ts";
import { type AskedPeople, askedPeople } from "../playbooks/survey/asked-people.ts";
import { parseDuration } from "../scoring/duration.ts";
import type { Tx } from "../store/db.ts";
import { holdAskedContacts } from "../store/survey-requests.ts";

/** When the contacts of a batch were asked last; looked up only where a playbook asks at all. */
export async function loadAskedPeople(
  tx: Tx,
  { playbooks, guards }: Pick<Configuration, "playbooks" | "guards">,
  contacts: readonly Subject["contact"][],
  now: Date,
): Promise<AskedPeople> {
  const asks = playbooks.some(({ enabled, steps }) => enabled && steps.some(({ kind }) => kind === "survey"));
  const addresses = asks ? contacts.flatMap((contact) => (contact === null ? [] : [contact.email])) : [];
  return askedPeople(await holdAskedContacts(tx, addresses), parseDuration(guards.surveyPause) ?? 0, now.getTime());
}
