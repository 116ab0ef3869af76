import type { Instant } from "../../scoring/history.ts";
import type { CustomerLinks } from "../customer-links.ts";
import { moment } from "../time-words.ts";
import type { CustomerSending } from "./customer-sending.ts";

/** Tells of an address whether it has had its share of mails, and until when; whoever asks takes null for another mail sent. */
export type PauseOf = (address: string) => MailPause | null;

/** Why an address gets nothing for now: `2 of 2 mails within 7 days`. */
export interface MailPause {
  readonly until: Instant;
  readonly words: string;
}

/** Where there is no cap. */
export const noPause: PauseOf = () => null;

/** What is to become of a mail to a customer, before it is made. */
export type MailAdmission =
  | { readonly kind: "go"; readonly unsubscribeLink: string | null }
  | { readonly kind: "wait"; readonly until: Instant; readonly reason: string }
  | { readonly kind: "skip"; readonly reason: string };

/** What the account says of mail to its people. */
interface MailedAccount {
  readonly links: CustomerLinks | null;
  readonly pauseOf: PauseOf;
  readonly zone: string;
}

/** Judges a mail to a customer. Asked last: a mail that may go counts as sent. */
export function admitMail(
  address: string,
  sending: CustomerSending,
  { links, pauseOf, zone }: MailedAccount,
): MailAdmission {
  if (sending.kind === "off") return { kind: "skip", reason: sending.reason };
  const link = links?.unsubscribe(address.toLowerCase()) ?? null;
  const refusal = sending.kind === "kept" ? null : linkRefusal(links, link);
  if (refusal !== null) return { kind: "skip", reason: refusal };
  const pause = pauseOf(address);
  if (pause !== null) {
    const reason = `${pause.words} to this address: waiting until ${moment(pause.until, zone)}`;
    return { kind: "wait", until: pause.until, reason };
  }
  return { kind: "go", unsubscribeLink: link };
}

/** A way out that nobody can go is none. */
function linkRefusal(links: CustomerLinks | null, link: string | null): string | null {
  if (links === null || link === null || !links.isPublic) {
    return "nobody could unsubscribe from it: KEEPWELL_PUBLIC_URL is not set";
  }
  // RFC 8058.
  if (!link.startsWith("https:")) return "nobody could unsubscribe from it: KEEPWELL_PUBLIC_URL is not https";
  return null;
}
