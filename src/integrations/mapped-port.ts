import type { Input, RecordInput, SourceKind } from "../scoring/records.ts";

/** What mapping may use. */
export interface MapContext {
  readonly now: Date;
  /** The company's zone, for days. */
  readonly zone: string;
  /** The id of our owner for a vendor's user; their address where owners.json does not know it; null where nothing is known of them. */
  readonly ownerOf: (externalId: string) => string | null;
}

/** What a raw thing comes to. */
export interface Mapped {
  /** Account names in them are the source's own ids. */
  readonly inputs?: readonly Input[] | undefined;
  /**
   * How records stood when they were seen (`at`), where the vendor does not say since when: of them only what differs from what is known
   * is kept. For sweeps and snapshots; whatever has a time of the vendor's own belongs into `inputs`.
   */
  readonly states?: readonly RecordInput[] | undefined;
  /** By what its accounts may be known as ours. */
  readonly claims?: readonly AccountClaim[] | undefined;
  readonly deleted?: readonly Deletion[] | undefined;
  readonly merged?: readonly AccountMerge[] | undefined;
  readonly owners?: readonly VendorOwner[] | undefined;
  /** How tasks of ours stand there. */
  readonly tasks?: readonly TaskReport[] | undefined;
  /** Which accounts users of a tracked product belong to; inputs name the account of a user by `accountOfUser`. */
  readonly users?: readonly UserAccount[] | undefined;
  /** Who is to get no more mail from us. */
  readonly suppressions?: readonly MailSuppression[] | undefined;
  /** Usage that is sent to us, and not pulled, is complete through this day. */
  readonly coveredThrough?: string | undefined;
  /** Why nothing was made of it, or of a part of it. */
  readonly skipped?: string | undefined;
}

/** Why an address is to get no more mail, in the words of who carries it. */
export interface MailSuppression {
  readonly address: string;
  readonly reason: "bounced" | "complained" | "unsubscribed";
  readonly detail: string;
}

/** By what an account of a source may be known as one of ours: its own field for our key first, then its domains. */
export interface AccountClaim {
  /** The source's id for the account. */
  readonly externalId: string;
  readonly name: string | null;
  /** Our key, where the vendor has a field for it. */
  readonly ourKey: string | null;
  /** Domains, or addresses of pages and mailboxes, as the vendor has them: whoever settles the claim takes the company's domain out of them. */
  readonly domains: readonly string[];
}

/** A record that is gone in its source. Of an account: the account's own record and identity there. */
export interface Deletion {
  readonly kind: SourceKind;
  readonly id: string;
  readonly at: string;
}

/** Two accounts of a source became one there. */
export interface AccountMerge {
  readonly from: string;
  readonly into: string;
  readonly at: string;
}

/** A user of the vendor who may own accounts. */
export interface VendorOwner {
  readonly externalId: string;
  readonly email: string | null;
  readonly name: string | null;
}

/** The account that a user of a tracked product belongs to from then on. */
export interface UserAccount {
  readonly user: string;
  /** The source's id for the account. */
  readonly account: string;
  readonly at: string;
}

/** How a task of ours stands in the vendor. */
export interface TaskReport {
  /** Our key of it, as `CrmTask.key` had it. */
  readonly key: string;
  readonly state: "open" | "done";
  readonly at: string;
  /** In the vendor's words; null where there are none. */
  readonly outcome: string | null;
}
