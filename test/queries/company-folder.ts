import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A small company's documents that are in order. */
export const soundDocuments = {
  "company.json": { name: "Example", zone: "Europe/Vienna", reportingCurrency: "EUR" },
  "owners.json": { owners: [{ id: "anna", name: "Anna", email: "anna@example.com" }], fallback: "anna" },
  "channels.json": { channels: [{ id: "csm-alerts", kind: "slack", url: { env: "EXAMPLE_SLACK_URL" } }] },
  "sources.json": { sources: [] },
  "health-models/default.json": {
    id: "default",
    name: "Example model",
    bands: [
      { id: "red", from: 0 },
      { id: "green", from: 50 },
    ],
    groups: [
      {
        id: "voice",
        weight: 1,
        measures: [
          {
            id: "nps",
            metric: "nps.latest",
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
  "playbooks/save-at-risk.json": {
    id: "save-at-risk",
    name: "Save an account at risk",
    enabled: true,
    trigger: { on: "threshold", when: { fact: "score", below: 40 } },
    steps: [{ id: "alert", do: "slack", to: "csm-alerts", text: "{{ account.name }} is at risk" }],
  },
} as const;

/** A folder with these files, objects as JSON and texts as they are; it is gone after the test. */
export async function folderOf(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keepwell-config-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    const isRaw = typeof content === "string" || content instanceof Uint8Array;
    await writeFile(join(folder, name), isRaw ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}
