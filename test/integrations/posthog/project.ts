import { posthogSettings } from "../../../src/integrations/posthog/settings.ts";
import { openPosthogSource } from "../../../src/integrations/posthog/source.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { type CapturedEvent, type CapturedGroup, groupBy, type Project, projectId } from "./fake.ts";

const rules = [
  { event: "Report Created", usage: "reports" },
  { event: "*", usage: "active_users", count: "users" },
  { event: { startsWith: "Report " }, usage: "pages", sum: "properties.pages" },
] as const;

/** The source over a fake, from 1 March on; the key is `secret`. */
export function openProject(baseUrl: string, secret = "phx_a-key", more: object = {}): Source {
  const settings = posthogSettings.parse({
    id: "product",
    kind: "posthog",
    baseUrl,
    allowPrivate: true,
    projectId,
    apiKey: { env: "POSTHOG_KEY" },
    accounts: "create",
    zone: "UTC",
    startOn: "2026-03-01",
    rules,
    ...more,
  });
  return openPosthogSource(settings, () => secret);
}

const days = Array.from({ length: 9 }, (_, index) => `2026-03-0${index + 1}`);

/** Groups with odd keys, and some days of their events. */
export function smallProject(): Project {
  const keys = ["acme", "o'neil", "back\\slash", "umbrella"];
  const groups = keys.map(
    (key): CapturedGroup => ({ key, properties: { name: `The ${key}`, seats: 5 }, updatedAt: "2026-02-01T10:00:00Z" }),
  );
  const events = days.flatMap((day, index) =>
    keys.flatMap((group, at): CapturedEvent[] => [
      { group, day, event: "Report Created", person: "p1", properties: { pages: at + 1 } },
      { group, day, event: "Report Sent", person: `p${index % 3}`, properties: { pages: 1 } },
      { group, day, event: "Login's", person: "p9" },
    ]),
  );
  return { events, groups };
}

/** What the tables are to have of a project's usage. */
export function usageTruth({ events }: Project) {
  const byPlace = groupBy(events, ({ group, day }) => JSON.stringify([group, day]));
  return [...byPlace].flatMap(([place, ofPlace]) => {
    const [account, day] = JSON.parse(place);
    const pagesOf = ({ event, properties }: CapturedEvent) =>
      event.startsWith("Report ") && typeof properties?.["pages"] === "number" ? properties["pages"] : 0;
    return [
      { account, day, name: "reports", value: ofPlace.filter(({ event }) => event === "Report Created").length },
      { account, day, name: "active_users", value: new Set(ofPlace.map(({ person }) => person)).size },
      { account, day, name: "pages", value: ofPlace.reduce((sum, each) => sum + pagesOf(each), 0) },
    ];
  });
}
