import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { StubRequest } from "../http-stub.ts";
import type { Project } from "./fake.ts";

/** The one type of groups that the project has. */
const groupType = "company";

const batchSchema = z.object({
  api_key: z.string().startsWith("phc_"),
  batch: z.array(
    z.object({
      event: z.string(),
      distinct_id: z.string(),
      timestamp: z.iso.datetime(),
      uuid: z.uuid(),
      properties: z.record(z.string(), z.unknown()),
    }),
  ),
});

const groupsSchema = z.object({ $groups: z.object({ [groupType]: z.string() }) });
const groupSchema = z.object({
  $group_type: z.literal(groupType),
  $group_key: z.string(),
  $group_set: z.record(z.string(), z.unknown()),
});

/** Keeps what a client sends to `/batch/`: events under their group, on their day in UTC, and groups. */
export function capture({ events, groups }: Project, { headers, body }: StubRequest): void {
  const plain = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  for (const sent of batchSchema.parse(JSON.parse(plain.toString("utf8"))).batch) {
    const { event, distinct_id: person, timestamp, properties } = sent;
    const group = groupSchema.safeParse(properties).data;
    if (event === "$groupidentify" && group !== undefined) {
      groups.push({ key: group.$group_key, properties: group.$group_set, updatedAt: timestamp });
    }
    const key = groupsSchema.safeParse(properties).data?.$groups[groupType];
    if (key !== undefined) events.push({ group: key, event, day: timestamp.slice(0, 10), person, properties });
  }
}
