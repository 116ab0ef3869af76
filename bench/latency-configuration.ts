import type { DocumentInput } from "../src/store/documents.ts";

/** The Slack channel that the playbook tells. */
export const slackChannel = "alerts";

/** A score that is the logins of the last week, and a playbook that tells Slack when it falls below 40. */
export const latencyDocuments: readonly DocumentInput[] = [
  { kind: "company", id: "company", body: { name: "Bench company", zone: "Etc/UTC", reportingCurrency: "EUR" } },
  { kind: "owners", id: "owners", body: { owners: [{ id: "anna", name: "Anna", email: "anna@example.com" }] } },
  {
    kind: "channels",
    id: "channels",
    body: { channels: [{ id: slackChannel, kind: "slack", transport: "outbox" }] },
  },
  {
    kind: "health-model",
    id: "default",
    body: {
      id: "default",
      name: "By logins",
      bands: [
        { id: "red", from: 0 },
        { id: "green", from: 40 },
      ],
      groups: [
        {
          id: "usage",
          weight: 1,
          measures: [
            {
              id: "logins",
              metric: "usage.logins.avg_7d",
              weight: 1,
              curve: [
                [0, 0],
                [10, 100],
              ],
            },
          ],
        },
      ],
    },
  },
  {
    kind: "playbook",
    id: "save",
    body: {
      id: "save",
      name: "Save",
      enabled: true,
      trigger: { on: "threshold", when: { fact: "score", below: 40 } },
      steps: [{ id: "alert", do: "slack", to: slackChannel, text: "{{ account.name }} is at {{ score }}" }],
    },
  },
];
