import type { Configuration } from "../src/playbooks/configuration.ts";
import { compileConfiguration } from "../src/queries/configuration.ts";
import type { DocumentInput } from "../src/store/documents.ts";

const rising = [
  [0, 0],
  [5, 40],
  [20, 100],
];
const falling = [
  [0, 100],
  [10, 50],
  [60, 0],
];

/** Twelve measures over three usage names, tickets, subscriptions and the account itself. */
const model = {
  id: "default",
  name: "Twelve measures",
  bands: [
    { id: "red", from: 0 },
    { id: "yellow", from: 40 },
    { id: "green", from: 70 },
  ],
  hysteresis: { points: 5, dwell: "1d" },
  minimumCoverage: 0.5,
  groups: [
    {
      id: "usage",
      weight: 60,
      measures: [
        { id: "adoption", metric: "usage.active_users.avg_28d", per: "contract.seats", weight: 30, curve: rising },
        { id: "users-trend", metric: "usage.active_users.trend_28d", weight: 20, curve: rising, maxAge: "7d" },
        { id: "active-days", metric: "usage.sessions.active_days_14d", weight: 20, curve: rising, maxAge: "7d" },
        { id: "sessions", metric: "usage.sessions.sum_7d", weight: 10, curve: rising },
        { id: "reports", metric: "usage.reports.avg_28d", weight: 10, curve: rising },
        { id: "reports-quarter", metric: "usage.reports.sum_90d", weight: 10, curve: rising },
      ],
    },
    {
      id: "support",
      weight: 25,
      measures: [
        { id: "urgent", metric: "tickets.open_urgent", weight: 40, curve: falling },
        { id: "new-tickets", metric: "tickets.created_28d", weight: 20, curve: falling },
        { id: "first-response", metric: "tickets.first_response_hours_90d", weight: 40, curve: falling },
      ],
    },
    {
      id: "contract",
      weight: 15,
      measures: [
        { id: "renewal", metric: "contract.days_to_renewal", weight: 50, curve: rising },
        { id: "mrr", metric: "billing.mrr", weight: 25, curve: rising },
        { id: "age", metric: "account.age_days", weight: 25, curve: rising },
      ],
    },
  ],
  caps: [
    { when: { fact: "tickets.open_urgent", atLeast: 4 }, max: 45, reason: "Four or more urgent tickets are open" },
  ],
};

/** The configuration that the score stage is measured with. */
export function scoreConfiguration(): Configuration {
  return configurationOf(model);
}

/**
 * The same with an edited model: other weights and curves over what scores keep, or a usage metric that no score has kept.
 */
export function editedConfiguration(edit: "kept" | "read"): Configuration {
  const [usage, ...others] = model.groups;
  if (usage === undefined) throw new Error("the model has no groups");
  const [first, ...rest] = usage.measures;
  if (first === undefined) throw new Error("the model has no measures");
  const edited =
    edit === "read" ? { ...first, metric: "usage.active_users.max_28d" } : { ...first, weight: 60, curve: falling };
  return configurationOf({ ...model, groups: [{ ...usage, weight: 70, measures: [edited, ...rest] }, ...others] });
}

/** Its documents, for a database whose readers compile them themselves. */
export function scoreDocuments(): readonly DocumentInput[] {
  return documentsOf(model);
}

function configurationOf(healthModel: unknown): Configuration {
  const compiled = compileConfiguration(documentsOf(healthModel).map((each) => ({ ...each, revision: 1, file: null })));
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults, null, 2));
  return compiled.configuration;
}

function documentsOf(healthModel: unknown): DocumentInput[] {
  return [
    { kind: "company", id: "company", body: { name: "Bench company", zone: "Etc/UTC", reportingCurrency: "EUR" } },
    { kind: "health-model", id: "default", body: healthModel },
  ];
}
