import { z } from "zod";

/** Intercom's ids are texts; its teammates' are numbers in some places. */
export const idText = z.union([z.string().min(1).max(300), z.int()]).transform(String);

/** From 1970 to 9998. */
const second = z.int().min(0).max(253_370_764_800);

/** Seconds since 1970 as a moment of ours. */
export const momentOfSeconds = second.transform((seconds) => new Date(seconds * 1_000).toISOString());

/** The same where there may be none; 0 is none as well. */
export const momentOrNone = z
  .union([second, z.null(), z.undefined()])
  .catch(null)
  .transform((seconds) => (seconds == null || seconds === 0 ? null : new Date(seconds * 1_000).toISOString()));
