import { z } from "zod";
import { secretsFromEnvironment } from "./source-settings.ts";

const name = z.string().min(1).max(200);
/** Header names come in small letters. */
const header = name.regex(/^[A-Za-z0-9-]+$/, "expected the name of a header").toLowerCase();

const hmacSchema = z
  .strictObject({
    /** Where the signature stands. */
    header,
    secret: secretsFromEnvironment,
    algorithm: z.enum(["sha256", "sha1"]).default("sha256"),
    encoding: z.enum(["hex", "base64"]).default("hex"),
    /** What stands before the signature, such as `sha256=`. */
    prefix: z.string().max(50).default(""),
    /** Where the time of the delivery stands, so that an old one is refused. */
    timestamp: z
      .strictObject({ header, format: z.enum(["seconds", "milliseconds", "iso"]).default("seconds") })
      .optional(),
    /** What is signed, in its order. */
    signs: z
      .string()
      .max(200)
      .regex(/\{body\}/, 'expected a text with {body}, such as "{timestamp}.{body}"')
      .default("{body}"),
  })
  .refine(({ timestamp, signs }) => (timestamp !== undefined) === signs.includes("{timestamp}"), {
    path: ["signs"],
    error: '"timestamp" and {timestamp} in "signs" go together: a time that is not signed proves nothing',
  });

/** How the sender of a hook proves who it is. */
export const hookAuthSchema = z.union(
  [
    z.strictObject({ hmac: hmacSchema }),
    z.strictObject({ bearer: secretsFromEnvironment }),
    z.strictObject({ header, value: secretsFromEnvironment }),
    z.strictObject({ basic: z.strictObject({ user: name, password: secretsFromEnvironment }) }),
    /** For senders that can do nothing else: URLs end up in logs. */
    z.strictObject({ query: name, value: secretsFromEnvironment }),
  ],
  { error: "expected one of hmac, bearer, header and value, basic, query and value" },
);

export type HookAuth = z.infer<typeof hookAuthSchema>;
export type HmacAuth = z.infer<typeof hmacSchema>;
