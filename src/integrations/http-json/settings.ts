import { z } from "zod";
import { durationSchema } from "../../scoring/duration.ts";
import { jsonPathSchema } from "../json-path.ts";
import { recordMappingSchema } from "../record-mapping-document.ts";
import { fromEnvironment, sourceBase } from "../source-settings.ts";

const name = z.string().min(1).max(200);

/** How it says who it is. Secrets come from the environment. */
const authSchema = z.union(
  [
    z.strictObject({ bearer: fromEnvironment }),
    z.strictObject({ header: name, value: fromEnvironment, prefix: z.string().max(50).optional() }),
    z.strictObject({ basic: z.strictObject({ user: z.union([name, fromEnvironment]), password: fromEnvironment }) }),
    z.strictObject({ query: name, value: fromEnvironment }),
    /** OAuth 2 client credentials. */
    z.strictObject({
      clientCredentials: z.strictObject({
        tokenUrl: z.url({ protocol: /^https?$/ }),
        clientId: fromEnvironment,
        clientSecret: fromEnvironment,
        scope: z.string().max(500).optional(),
      }),
    }),
  ],
  { error: "expected one of bearer, header and value, basic, query and value, clientCredentials" },
);

/** How one page leads to the next. `size` also ends the paging: a page with fewer things is the last. */
const pagingSchema = z.discriminatedUnion("kind", [
  /** One answer holds everything. */
  z.strictObject({ kind: z.literal("none") }),
  /** The answer names the next page; without a name it was the last. */
  z.strictObject({ kind: z.literal("cursor"), param: name, next: jsonPathSchema }),
  /** The last thing of a page names the next page. */
  z.strictObject({ kind: z.literal("last-record"), param: name, next: jsonPathSchema, size: z.int().min(1) }),
  z.strictObject({ kind: z.literal("page"), param: name, first: z.int().min(0).default(1), size: z.int().min(1) }),
  z.strictObject({ kind: z.literal("offset"), param: name, size: z.int().min(1) }),
  /** The answer holds the next page's URL, in a field or, without one, in the header Link. It must be of the same host. */
  z.strictObject({ kind: z.literal("link"), next: jsonPathSchema.optional() }),
]);

/** What makes a stream incremental: `{since}` in query, form or body is filled in. */
const sinceSchema = z.strictObject({
  /** When a thing was changed, from the thing. */
  field: jsonPathSchema,
  /** How the vendor writes and wants that moment. */
  format: z.enum(["iso", "epoch-seconds", "epoch-milliseconds", "day"]).default("iso"),
  /** Asked for again each time, for what came late. */
  overlap: durationSchema.default("10m"),
  /** How far back the first pull goes; everything unless given. */
  first: durationSchema.optional(),
});

const parameters = z.record(name, z.union([z.string().max(2000), z.number(), z.boolean()]));

const streamSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,49}$/, "a stream has small letters, digits and -, at most 50"),
    every: durationSchema.optional(),
    method: z.enum(["GET", "POST"]).default("GET"),
    /** After the source's baseUrl. */
    path: z.string().regex(/^\//, "a path begins with /"),
    query: parameters.default({}),
    headers: z.record(name, z.string().max(2000)).default({}),
    /** A form to post, or a JSON body; texts in them may hold `{since}` and `{page}`. */
    form: parameters.optional(),
    body: z.union([z.record(z.string(), z.json()), z.array(z.json())]).optional(),
    /** Where the things of an answer are. */
    records: jsonPathSchema,
    /** Where a service that answers 200 also then says what went wrong. */
    errors: jsonPathSchema.optional(),
    paging: pagingSchema.default({ kind: "none" }),
    since: sinceSchema.optional(),
    /** `yesterday`: once pulled to its end, all days up to yesterday are delivered, so that silence is zero. */
    coverage: z.literal("yesterday").optional(),
    /** Each sweep brings everything there is: what is missing at its end was deleted. */
    snapshot: z.boolean().default(false),
    mapping: recordMappingSchema,
  })
  .refine(({ form, body }) => form === undefined || body === undefined, { error: "expected form or body, not both" })
  .refine(({ method, form, body }) => method === "POST" || (form === undefined && body === undefined), {
    error: 'a form or body is only sent with "method": "POST"',
  })
  .refine(({ snapshot, since }) => !snapshot || since === undefined, {
    error: "a snapshot brings everything: leave since out",
  });

/** A service that answers JSON, described rather than coded. */
export const httpJsonSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("http-json"),
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** Its ids of accounts are our keys. */
  idsAreKeys: z.boolean().default(false),
  auth: authSchema.optional(),
  /** What the service allows, over all streams. */
  limit: z.strictObject({ calls: z.int().min(1), per: durationSchema }).optional(),
  streams: z
    .array(streamSchema)
    .min(1)
    .max(50)
    .refine((streams) => new Set(streams.map((stream) => stream.name)).size === streams.length, {
      error: "two streams have the same name",
    }),
});

export type HttpJsonSettings = z.infer<typeof httpJsonSettings>;
export type HttpJsonStream = HttpJsonSettings["streams"][number];
