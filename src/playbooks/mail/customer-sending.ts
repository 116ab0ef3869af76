import { dayWords } from "../time-words.ts";

/** Whether customers get mail through a channel. */
export type CustomerSending =
  /** The domain of its sender was confirmed: each mail carries a way out of the list. */
  | { readonly kind: "confirmed"; readonly words: string }
  /** An outbox: nothing leaves. */
  | { readonly kind: "kept" }
  | { readonly kind: "off"; readonly reason: string };

/** An e-mail channel as far as this is about it. */
interface SendingChannel {
  readonly id: string;
  readonly from?: string | undefined;
  readonly transport?: string | undefined;
  readonly customerMail?:
    | { readonly domain: string; readonly confirmedOn: string; readonly confirmedBy: string }
    | undefined;
}

/** What a channel's settings say of mail to customers. */
export function customerSending({ id, from, transport, customerMail }: SendingChannel): CustomerSending {
  if (transport === "outbox") return { kind: "kept" };
  const domain = senderDomain(from);
  if (customerMail === undefined) {
    return {
      kind: "off",
      reason: `mail to customers is off: "customerMail" of the channel "${id}" confirms no domain`,
    };
  }
  if (domain === null || customerMail.domain.toLowerCase() !== domain) {
    const confirmed = `"customerMail" confirms ${customerMail.domain}`;
    return { kind: "off", reason: `mail to customers is off: ${confirmed}, the channel "${id}" sends as ${domain}` };
  }
  const { confirmedOn, confirmedBy } = customerMail;
  return { kind: "confirmed", words: `${domain}, confirmed by ${confirmedBy} on ${dayWords(confirmedOn)}` };
}

/** The host of a sender, in small letters: letters, digits, dots and hyphens only, as it stands in headers; null where there is none. */
export function senderDomain(from: string | undefined): string | null {
  return /@([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)>?$/i.exec(from?.trim() ?? "")?.[1]?.toLowerCase() ?? null;
}
