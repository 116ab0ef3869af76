import type { ChannelConfig } from "../playbooks/channels.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { type CustomerSending, customerSending } from "../playbooks/mail/customer-sending.ts";
import type { CompiledStep } from "../playbooks/playbook.ts";
import { faultAt } from "../scoring/fault.ts";
import { type ConfigFault, type Located, locateFault } from "./configuration/config-fault.ts";
import type { Finding } from "./doctor.ts";

type Documents = Pick<Configuration, "channels" | "playbooks">;

/** Whether customers get mail, for each e-mail channel; a warning where playbooks mean to send them some and do not. */
export function checkCustomerMail(documents: Documents, publicUrl: string | null): readonly Finding[] {
  return documents.channels.flatMap((channel): Finding[] => {
    if (channel.kind !== "email") return [];
    const users = usersOf(channel.id, documents);
    const { isGood, detail } = judge(sendingOf(channel), publicUrl);
    const affected = isGood || users.length === 0 ? "" : `; passed over in ${users.join(", ")}`;
    const state = isGood || users.length === 0 ? "ok" : "warning";
    return [{ subject: `mail to customers by ${channel.id}`, state, detail: `${detail}${affected}` }];
  });
}

/** Channels by which playbooks mean to mail customers, and that do not: no fault, as the sender may be confirmed later. */
export function unconfirmedSenders(
  documents: Documents,
  channelsDocument: Located | undefined,
): readonly ConfigFault[] {
  if (channelsDocument === undefined) return [];
  return documents.channels.flatMap((channel, index) => {
    const sending = channel.kind === "email" ? sendingOf(channel) : null;
    const users = usersOf(channel.id, documents);
    if (sending?.kind !== "off" || users.length === 0) return [];
    const message = `${sending.reason}; passed over in ${users.join(", ")}`;
    return [locateFault(faultAt(`channels[${index}].customerMail`, undefined, message), channelsDocument)];
  });
}

function sendingOf(channel: Extract<ChannelConfig, { kind: "email" }>): CustomerSending {
  const { id, from, customerMail } = channel;
  return customerSending({ id, from, customerMail, transport: "transport" in channel ? channel.transport : undefined });
}

/** The ids of playbooks in force that mail customers through a channel. */
function usersOf(channel: string, { playbooks }: Documents): readonly string[] {
  const mailing = playbooks.filter(({ enabled, steps }) => enabled && steps.some((step) => mails(step, channel)));
  return mailing.map(({ id }) => id);
}

function mails(step: CompiledStep, channel: string): boolean {
  if (step.kind === "survey") return step.channel === channel;
  return step.kind === "email" && step.channel === channel && step.to !== "owner";
}

function judge(sending: CustomerSending, publicUrl: string | null): { isGood: boolean; detail: string } {
  if (sending.kind === "kept") return { isGood: true, detail: "kept in the local outbox" };
  if (sending.kind === "off") return { isGood: false, detail: sending.reason };
  if (publicUrl?.startsWith("https:") === true) return { isGood: true, detail: sending.words };
  const wrong = publicUrl === null ? "is not set" : "is not https";
  return { isGood: false, detail: `nobody could unsubscribe from it: KEEPWELL_PUBLIC_URL ${wrong}` };
}
