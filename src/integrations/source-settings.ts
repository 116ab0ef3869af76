import { z } from "zod";
import { durationSchema, parseDuration } from "../scoring/duration.ts";

/** A secret, named by its environment variable: never written into the document. */
export const fromEnvironment = z.strictObject({
  env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable"),
});
export type FromEnvironment = z.infer<typeof fromEnvironment>;

/** Several secrets while one replaces another: newest first. */
export const secretsFromEnvironment = z.union([fromEnvironment, z.array(fromEnvironment).min(1).max(5)]);

/** Reads what `{"env": "NAME"}` names. Throws, naming the variable and the source, where it is not set. */
export type ReadSecret = (setting: FromEnvironment) => string;

/** What every source of sources.json has. A vendor's settings extend it with `kind` and its own. */
export const sourceBase = {
  id: z.string().regex(/^[a-z][a-z0-9-]{0,49}$/, "an id has small letters, digits and -, at most 50"),
  /** Overrides how often its streams are pulled. */
  every: durationSchema.optional(),
  /** `create` makes accounts that nobody knows; `match` only finds them among those there are. Each vendor has its own default. */
  accounts: z.enum(["create", "match"]).optional(),
  /** Another host than the vendor's own: a region, a proxy. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Allows addresses inside the own network, and plain http. */
  allowPrivate: z.boolean().default(false),
} as const;

/** Milliseconds between two pulls: as the settings say, else as is usual. */
export function everyOf(every: string | undefined, usualMs: number): number {
  return (every === undefined ? null : parseDuration(every)) ?? usualMs;
}

/** The secrets of one setting that may hold several. */
export function readSecrets(settings: FromEnvironment | readonly FromEnvironment[], read: ReadSecret): string[] {
  return ("env" in settings ? [settings] : settings).map(read);
}
