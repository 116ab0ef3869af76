import { z } from "zod";
import { durationSchema } from "../scoring/duration.ts";
import { type Fault, faultsOf } from "../scoring/fault.ts";
import { stormBrakeSchema, windowSchema } from "./schema/guards.ts";
import { timeOfDaySchema } from "./schema/words.ts";

/** Hours of a working day. */
export const workingHoursSchema = z
  .strictObject({ from: timeOfDaySchema, to: timeOfDaySchema })
  .refine(({ from, to }) => from < to, { path: ["to"], error: "expected a time behind the one of from" });

/** `guards.json`: what keeps all playbooks together from flooding anybody. */
export const houseGuardsSchema = z.strictObject({
  $schema: z.string().optional(),
  /** Of owners and accounts, in their own zones; an owner may have others in owners.json. */
  workingHours: workingHoursSchema.default({ from: "09:00", to: "17:00" }),
  /** For playbooks that say nothing else. */
  window: windowSchema.default("any"),
  inhibition: z.enum(["none", "priority"]).default("none"),
  stormBrake: stormBrakeSchema.optional(),
  /** Runs of all playbooks together for one account. */
  maxPerAccount: z.strictObject({ runs: z.int().min(1).max(1000), per: durationSchema }).optional(),
  /** Mails to one person outside. */
  maxPerContact: z.strictObject({ mails: z.int().min(1).max(1000), per: durationSchema }).optional(),
  /** Nobody is asked again sooner. */
  surveyPause: durationSchema.default("90d"),
  /** Runs that tell an owner, a week; the rest stands in the digest. */
  alertBudget: z
    .strictObject({
      perWeek: z.int().min(1).max(10_000),
      /** The channel of the digest: a Slack channel, or an e-mail channel by which each owner gets one. */
      digest: z.string().optional(),
      digestAt: timeOfDaySchema.default("09:00"),
    })
    .optional(),
  /** Where storm brakes ask; left out, the log alone tells. */
  ask: z.string().optional(),
  /** Runs that bring each other about: a chain is cut behind so many. */
  maxDepth: z.int().min(1).max(10).default(3),
});

export type HouseGuards = Readonly<z.infer<typeof houseGuardsSchema>>;

/** Without guards.json. */
export const plainGuards: HouseGuards = houseGuardsSchema.parse({});

const words = {
  keys: [
    ...Object.keys(houseGuardsSchema.shape),
    ...["from", "to", "share", "per", "atLeast", "runs", "mails", "perWeek", "digest", "digestAt"],
  ],
  planned: [],
};

/** `guards.json` as data, or every fault in it. */
export function parseHouseGuards(
  document: unknown,
): { readonly guards: HouseGuards } | { readonly faults: readonly Fault[] } {
  const parsed = houseGuardsSchema.safeParse(document);
  return parsed.success ? { guards: parsed.data } : { faults: faultsOf(parsed.error, document, words) };
}
