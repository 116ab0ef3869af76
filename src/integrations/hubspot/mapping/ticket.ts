import type { FieldsOf } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { textOf } from "../../record-values.ts";
import { mergedInto } from "../objects.ts";
import type { HubSpotSettings } from "../settings.ts";
import type { RawThing } from "../surroundings.ts";
import { inOrder, moment, timesOf } from "./reading.ts";

type Fields = FieldsOf<"ticket">;

const priorities: ReadonlyMap<string, NonNullable<Fields["priority"]>> = new Map([
  ["LOW", "low"],
  ["MEDIUM", "normal"],
  ["HIGH", "high"],
  ["URGENT", "urgent"],
]);

/** The stages of the pipeline that HubSpot comes with: new, waiting on contact, waiting on us, closed. */
const ownStages: ReadonlyMap<string, NonNullable<Fields["status"]>> = new Map([
  ["0/1", "new"],
  ["0/2", "pending"],
  ["0/3", "open"],
]);

/** A ticket: new from its beginning, answered and closed each at its own time. */
export function mapTicket(raw: RawThing, settings: HubSpotSettings): Mapped {
  const { thing, company } = raw;
  const { id, properties } = thing;
  if (company === null) return { skipped: `ticket ${id} belongs to no company, and nor does its contact` };
  const times = timesOf(thing);
  if (times === null) return { skipped: `ticket ${id} has no time of its last change` };
  const status = statusOf(raw, settings);
  const subject = textOf(properties["subject"]);
  const firstRespondedAt = moment(properties["first_agent_reply_date"]);
  const isClosed = status === "closed" || status === "solved";
  const solvedAt = isClosed ? (moment(properties["closed_date"]) ?? times.now) : null;
  const now: Fields = {
    subject,
    status,
    priority: priorities.get(properties["hs_ticket_priority"] ?? "") ?? null,
    openedAt: times.from,
    firstRespondedAt,
    solvedAt,
    deleted: false,
  };
  const before = [
    { at: times.from, set: { status: "new" as const, openedAt: times.from, subject } },
    { at: firstRespondedAt, set: { firstRespondedAt } },
    { at: solvedAt, set: { status, solvedAt } },
  ];
  return {
    inputs: inOrder<Fields>(before, { at: times.now, set: now }).map((each) => ({
      kind: "ticket" as const,
      id,
      account: company,
      ...each,
    })),
    deleted: mergedInto(thing).map((gone) => ({ kind: "ticket" as const, id: gone, at: times.now })),
  };
}

function statusOf({ thing, stage }: RawThing, { ticketStatuses }: HubSpotSettings): NonNullable<Fields["status"]> {
  const id = thing.properties["hs_pipeline_stage"] ?? "";
  const chosen = Object.hasOwn(ticketStatuses, id) ? ticketStatuses[id] : undefined;
  if (chosen !== undefined) return chosen;
  if (stage?.isClosed === true) return "closed";
  return ownStages.get(`${thing.properties["hs_pipeline"]}/${id}`) ?? "open";
}
