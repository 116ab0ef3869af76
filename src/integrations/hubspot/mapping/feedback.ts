import type { Mapped } from "../../mapped-port.ts";
import { textOf } from "../../record-values.ts";
import type { HubSpotSettings } from "../settings.ts";
import type { RawThing } from "../surroundings.ts";
import { moment, timesOf } from "./reading.ts";

const types: ReadonlyMap<string, "nps" | "csat" | "ces"> = new Map([
  ["NPS", "nps"],
  ["CSAT", "csat"],
  ["CES", "ces"],
]);

/** A response to a survey, as it was answered. Surveys of one's own making have no score that would mean the same to everybody. */
export function mapFeedback(raw: RawThing, { csatScale }: HubSpotSettings): Mapped {
  const { thing, company, contact } = raw;
  const { id, properties } = thing;
  const type = types.get(properties["hs_survey_type"] ?? "");
  if (type === undefined) return {};
  if (company === null) return { skipped: `survey response ${id} is of a contact without a company` };
  const at = moment(properties["hs_submission_timestamp"]) ?? timesOf(thing)?.from ?? null;
  if (at === null) return { skipped: `survey response ${id} has no time` };
  const score = Number(properties["hs_value"] ?? Number.NaN);
  if (Number.isNaN(score)) return { skipped: `survey response ${id} has no score` };
  const set = {
    type,
    score,
    scale: type === "csat" ? csatScale : null,
    comment: textOf(properties["hs_content"]),
    contact,
    deleted: false,
  };
  return { inputs: [{ kind: "survey", id, account: company, at, set }] };
}
