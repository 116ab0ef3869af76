import type { Configuration } from "../../src/playbooks/configuration.ts";
import { compileConfiguration } from "../../src/queries/configuration.ts";
import type { Input } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { applyInputs, stateCoverage } from "../../src/store/intake.ts";

const company = { name: "Test company", zone: "Etc/UTC", reportingCurrency: "EUR" };

/** One measure, so that a test sets the score by the usage of one day: 10 a day is 100 points. */
export const model = {
  id: "default",
  name: "By logins",
  bands: [
    { id: "red", from: 0 },
    { id: "yellow", from: 40 },
    { id: "green", from: 70 },
  ],
  hysteresis: { points: 0, dwell: "0m" },
  minimumCoverage: 0.5,
  groups: [
    {
      id: "usage",
      weight: 1,
      measures: [
        {
          id: "logins",
          metric: "usage.logins.avg_7d",
          weight: 1,
          missing: "exclude",
          curve: [
            [0, 0],
            [10, 100],
          ],
        },
      ],
    },
  ],
};

const channels = {
  channels: [
    { id: "alerts", kind: "slack", transport: "outbox" },
    { id: "mail", kind: "email", from: "keepwell@example.com", transport: "outbox" },
    { id: "crm", kind: "webhook", transport: "outbox" },
  ],
};

const owners = { owners: [{ id: "anna", name: "Anna", email: "anna@example.com" }], fallback: "anna" };

/** A playbook that tells a Slack channel when the score falls below 40, unless told otherwise. */
export function playbook(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: "save",
    name: "Save",
    enabled: true,
    trigger: { on: "threshold", when: { fact: "score", below: 40 } },
    entry: { mode: "episode", onActivate: "fire" },
    steps: [{ id: "alert", do: "slack", to: "alerts", text: "{{ account.name }} is at {{ score }}" }],
    ...changes,
  };
}

/** The company and its model as documents, for what reads them from the database. */
export const scenarioDocuments = [
  { kind: "company", id: "company", body: company },
  { kind: "health-model", id: "default", body: model },
];

/** Compiles a whole configuration around the given playbooks; with `isSecond` the changed model stands beside the default one. `others` replace what is there. */
export function configure(
  playbooks: readonly Readonly<Record<string, unknown>>[] = [],
  revision = 1,
  modelChanges: Readonly<Record<string, unknown>> = {},
  isSecond = false,
  others: readonly { readonly kind: string; readonly id: string; readonly body: unknown }[] = [],
): Configuration {
  const own = [
    document("company", "company", company, revision),
    document("owners", "owners", owners, revision),
    document("channels", "channels", channels, revision),
  ].filter(({ kind }) => !others.some((other) => other.kind === kind));
  const compiled = compileConfiguration([
    ...own,
    document("health-model", String(modelChanges["id"] ?? "default"), { ...model, ...modelChanges }, revision),
    ...(isSecond ? [document("health-model", "default", model, revision)] : []),
    ...playbooks.map((body) => document("playbook", String(body["id"]), body, revision)),
    ...others.map(({ kind, id, body }) => document(kind, id, body, revision)),
  ]);
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults, null, 2));
  return compiled.configuration;
}

function document(kind: string, id: string, body: unknown, revision: number) {
  return { kind, id, body, revision, file: null };
}

/** Writes inputs as a source would, in one transaction. */
export async function take(db: Db, inputs: readonly Input[], now: Date): Promise<void> {
  const summary = await db
    .transaction()
    .execute((tx) => applyInputs(tx, { source: "test", inputs, now, recordedAt: "now", unknownAccounts: "reject" }));
  if (summary.rejected.length > 0) throw new Error(JSON.stringify(summary.rejected));
}

/** States that all usage up to a day is delivered. */
export async function cover(db: Db, throughDay: string, now: Date): Promise<void> {
  await db
    .transaction()
    .execute((tx) =>
      stateCoverage(tx, { source: "test", kind: "usage", throughDay, recordedAt: now, backfilled: false }),
    );
}

/** An account that began long ago, and its logins of the days up to `throughDay`. */
export function account(key: string, throughDay: string, logins: readonly number[], owner = "anna"): readonly Input[] {
  const last = Date.parse(throughDay);
  return [
    { kind: "account", id: key, at: "2025-01-01T00:00:00Z", set: { name: `${key} Ltd`, owner, beganOn: "2025-01-01" } },
    ...logins.map((value, index) => ({
      kind: "usage" as const,
      mode: "daily" as const,
      account: key,
      name: "logins",
      day: new Date(last - (logins.length - 1 - index) * 86_400_000).toISOString().slice(0, 10),
      value,
    })),
  ];
}
