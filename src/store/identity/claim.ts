/** By what an account of a source may be known as one of ours: its own field for our key first, then its domains. */
export interface AccountClaim {
  /** The source's id for the account. */
  readonly externalId: string;
  readonly name: string | null;
  /** Our key, where the vendor has a field for it. */
  readonly ourKey: string | null;
  /** As stated by the vendor, or taken from e-mail addresses: those that tell nothing are dropped. */
  readonly domains: readonly string[];
}
