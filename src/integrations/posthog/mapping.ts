import { z } from "zod";
import type { Input } from "../../scoring/records.ts";
import { accountTraits } from "../account-traits.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import type { PosthogRule } from "./settings.ts";

/** A row of the usage of a day: the group, then a number for each rule. */
const usageRow = z.looseObject({
  day: z.string(),
  account: z.string().min(1).max(300),
  values: z.array(z.number().nullable()),
});
export type UsageRow = z.infer<typeof usageRow>;

/** What a day of a group comes to: zeros, too, which stand for what was there and is gone. */
export function mapUsage(raw: unknown, rules: readonly PosthogRule[]): Mapped {
  const row = usageRow.safeParse(raw).data;
  if (row === undefined) return { skipped: "a row of usage without a group and numbers" };
  return {
    inputs: rules.map(
      ({ usage }, index): Input => ({
        kind: "usage",
        mode: "daily",
        account: row.account,
        name: usage,
        day: row.day,
        value: row.values[index] ?? 0,
      }),
    ),
  };
}

const properties = z.record(z.string(), z.unknown());
/** Properties come as text or as an object, by how the query was planned. */
const groupRow = z.looseObject({
  key: z.string().min(1).max(300),
  properties: z
    .union([properties, z.string().transform((text) => properties.safeParse(jsonOf(text)).data ?? {})])
    .catch({}),
  updatedAt: z.unknown(),
});

/** What a group says of an account; as it stands now where it does not say since when. */
export function mapGroup(raw: unknown, context: MapContext, idsAreKeys: boolean): Mapped {
  const group = groupRow.safeParse(raw).data;
  if (group === undefined) return { skipped: "a group without a key" };
  const set = accountTraits(group.properties);
  const at = momentOf(group.updatedAt);
  const record = { kind: "account", id: group.key, at: (at ?? context.now).toISOString(), set } as const;
  const claim = {
    externalId: group.key,
    name: set.name ?? null,
    ourKey: idsAreKeys ? group.key : null,
    domains: typeof set.domain === "string" ? [set.domain] : [],
  };
  return { claims: [claim], ...(at === null ? { states: [record] } : { inputs: [record] }) };
}

/** ISO 8601, or as ClickHouse writes it: `2026-03-01 10:00:00`, in UTC. */
function momentOf(value: unknown): Date | null {
  if (typeof value !== "string") return null;
  const iso = value.includes("T") ? value : `${value.replace(" ", "T")}Z`;
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? null : at;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
