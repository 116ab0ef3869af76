/** What a digest says of one account. */
export interface DigestLine {
  /** `alert`: a step's message; `held`: a run that the alert budget keeps back. */
  readonly kind: "alert" | "held";
  readonly accountKey: string;
  readonly accountName: string;
  readonly playbookId: string;
  readonly playbookName: string;
  /** The playbook tells that an account has entered a band. */
  readonly isOfBand: boolean;
  readonly score: number | null;
  readonly band: string | null;
  /** Why the playbook fired. */
  readonly reason: string;
  /** In the reporting currency a year; null: not known. */
  readonly expectedLoss: number | null;
  /** Why it is over since; null while it goes on. */
  readonly recovered: string | null;
}

/** What is on top of a digest: `7 accounts turned red`. */
export function digestHeading(lines: readonly DigestLine[]): string {
  const alerts = lines.filter(({ kind }) => kind === "alert");
  const [first] = alerts;
  if (first === undefined) return heldHeading(lines);
  const count = counted(new Set(alerts.map(({ accountKey }) => accountKey)).size, "account");
  const playbooks = new Set(alerts.map(({ playbookId }) => playbookId)).size;
  if (playbooks > 1) return `${count}, ${playbooks} playbooks`;
  const bands = new Set(alerts.filter(({ recovered }) => recovered === null).map(({ band }) => band));
  const [band] = bands;
  if (first.isOfBand && bands.size === 1 && band != null) return `${count} turned ${band}`;
  return `${count}: ${first.playbookName}`;
}

/** What stands over those that the alert budget keeps back. */
export function heldHeading(lines: readonly DigestLine[]): string {
  return `${counted(lines.length, "alert")} held back by the alert budget`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
