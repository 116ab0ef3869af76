import { resolve } from "node:path";
import { z } from "zod";
import { type LogFormat, type LogLevel, logLevels } from "./log.ts";
import { conceal } from "./redaction.ts";

/** What the environment settles before anything runs. Everything else is in the documents. */
export interface Settings {
  /** The user's own PostgreSQL; null for the embedded one. */
  readonly databaseUrl: string | null;
  /** The folder of the documents, absolute. */
  readonly configFolder: string;
  /** Where the embedded database lives, absolute. */
  readonly dataFolder: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where senders of webhooks reach the server, without a slash at the end; null: where it listens. */
  readonly publicUrl: string | null;
  /** Null: the command decides. */
  readonly logLevel: LogLevel | null;
  readonly logFormat: LogFormat;
  /** The key of the hashes that stay of erased persons; null: one that the database keeps. */
  readonly erasureKey: string | null;
  /** NO_COLOR is set. */
  readonly isColorless: boolean;
  /** Who does what is done by hand; null: the user of the operating system. */
  readonly author: string | null;
}

/** One variable that cannot be used. The message never holds the value of a variable that may be secret. */
export interface SettingFault {
  readonly variable: string;
  readonly message: string;
}

export type SettingsResult =
  | { readonly kind: "settings"; readonly settings: Settings }
  | { readonly kind: "faults"; readonly faults: readonly SettingFault[] };

type Environment = Readonly<Record<string, string | undefined>>;

const environmentSchema = z.object({
  DATABASE_URL: z
    .string()
    .refine(isDatabaseUrl, { error: "expected a URL such as postgres://user:password@host:5432/database" })
    .optional(),
  KEEPWELL_CONFIG: z.string().default("config"),
  KEEPWELL_DATA: z.string().default(".keepwell"),
  HOST: z.string().default("127.0.0.1"),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: "expected a port number, 0 to 65535" })
    .transform(Number)
    .refine((port) => port <= 65_535, { error: "expected a port number, 0 to 65535" })
    .default(7373),
  KEEPWELL_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: "expected a URL such as https://keepwell.example.com" })
    .refine((url) => !/[?#]/.test(url), { error: "expected a URL without ? and #" })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  LOG_LEVEL: z.enum(logLevels, { error: `expected one of ${logLevels.join(", ")}` }).optional(),
  LOG_FORMAT: z.enum(["json", "text"], { error: "expected json or text" }).optional(),
  KEEPWELL_ERASURE_KEY: z.string().min(32, { error: "expected 32 characters or more" }).optional(),
  NO_COLOR: z.string().optional(),
  KEEPWELL_AUTHOR: z.string().max(100, { error: "expected a name of at most 100 characters" }).optional(),
});

/** Reads the settings from the environment, the only place that does; every unusable variable is listed at once. */
export function readSettings(environment: Environment = process.env): SettingsResult {
  const parsed = environmentSchema.safeParse(withoutEmpty(environment));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({
      variable: String(issue.path[0]),
      message: issue.message,
    }));
    return { kind: "faults", faults };
  }
  const values = parsed.data;
  if (values.DATABASE_URL !== undefined) concealPassword(values.DATABASE_URL);
  if (values.KEEPWELL_ERASURE_KEY !== undefined) conceal(values.KEEPWELL_ERASURE_KEY);
  return {
    kind: "settings",
    settings: {
      databaseUrl: values.DATABASE_URL ?? null,
      configFolder: resolve(values.KEEPWELL_CONFIG),
      dataFolder: resolve(values.KEEPWELL_DATA),
      host: values.HOST,
      port: values.PORT,
      publicUrl: values.KEEPWELL_PUBLIC_URL ?? null,
      logLevel: values.LOG_LEVEL ?? null,
      logFormat: values.LOG_FORMAT ?? (process.stderr.isTTY ? "text" : "json"),
      erasureKey: values.KEEPWELL_ERASURE_KEY ?? null,
      isColorless: values.NO_COLOR !== undefined,
      author: values.KEEPWELL_AUTHOR ?? null,
    },
  };
}

/** The value of a secret that a document names as `{"env": name}`, masked in logs from then on; undefined when it is not set. */
export function readSecret(name: string, environment: Environment = process.env): string | undefined {
  const value = environment[name];
  if (value === undefined || value === "") return undefined;
  conceal(value);
  return value;
}

/** Whether a variable that documents name is set. */
export function hasSecret(name: string): boolean {
  return readSecret(name) !== undefined;
}

/** `NAME=` in a shell or a compose file means "not set". */
function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
}

function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) && passwordForms(text) !== null;
}

function concealPassword(url: string): void {
  for (const form of passwordForms(url) ?? []) conceal(form);
}

/** The password as it stands in the URL and as the server gets it; null when its percent signs make no sense. */
function passwordForms(url: string): readonly string[] | null {
  const { password } = new URL(url);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return null;
  }
}

/** The environment of a process of ours that is to use this database. */
export function childEnvironment(databaseUrl: string): Record<string, string | undefined> {
  return { ...process.env, DATABASE_URL: databaseUrl };
}
