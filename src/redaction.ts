const mask = "[redacted]";
/** Deeper than this, or wider, nobody reads it in a log. */
const deepest = 8;
const longestText = 8_000;

const secretKey =
  /authori[sz]ation|password|passwd|secret|token|cookie|signature|credential|(api|private|write|signing)[-_]?key|database[-_]?url|^dsn$/i;

const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${mask}`],
  [/(https?:\/\/hooks\.slack(?:-gov)?\.com\/)[^\s"'\\<>]+/gi, `$1${mask}`],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]*@/gi, `$1${mask}@`],
  [/([?&][^=&\s"'\\]*(?:token|secret|password|signature|sig|key|auth)[^=&\s"'\\]*=)[^&\s"'\\#]+/gi, `$1${mask}`],
  [/\bkw_[A-Za-z0-9_-]{20,}/g, `kw_${mask}`],
  [/\bwhsec_[A-Za-z0-9+/=_-]+/g, `whsec_${mask}`],
  [/\bxox[a-z]-[A-Za-z0-9-]+/g, mask],
];

/** Values that were read as secrets: whatever text they turn up in, they are masked. Shorter ones would mask innocent words. */
const concealed = new Set<string>();
const shortestConcealed = 6;

/** From now on `value` is masked wherever it appears in a log line or in an error shown to a person. */
export function conceal(value: string): void {
  if (value.length < shortestConcealed) return;
  concealed.add(value);
  concealed.add(JSON.stringify(value).slice(1, -1));
  concealed.add(encodeURIComponent(value));
}

/** The text without known secrets and without anything that has the shape of one. */
export function redactText(text: string): string {
  let clean = text;
  for (const value of concealed) clean = clean.replaceAll(value, mask);
  for (const [shape, replacement] of secretShapes) clean = clean.replace(shape, replacement);
  return clean;
}

/** True for names such as `password`, under which nobody should see a value. */
export function isSecretName(name: string): boolean {
  return secretKey.test(name);
}

/** A copy of any value that is fit for a log: secrets masked by name and by shape, errors as plain objects, cycles and depths cut. */
export function redactValue(value: unknown): unknown {
  return redactInside(value, []);
}

function redactInside(value: unknown, above: readonly object[]): unknown {
  if (typeof value === "string") return cut(redactText(value));
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (above.includes(value)) return "[circular]";
  if (above.length >= deepest) return "[deep]";
  const path = [...above, value];
  if (value instanceof Error) return describeError(value, path);
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redactInside(item, path));
  if (value instanceof Map || value instanceof Set) return redactInside([...value], path);
  return redactObject(value, path);
}

function redactObject(value: object, path: readonly object[]): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    isSecret(key, inner) ? mask : redactInside(inner, path),
  ]);
  return Object.fromEntries(entries);
}

/** Counts and flags under a telling name (`tokens: 3`) are no secrets. */
function isSecret(key: string, value: unknown): boolean {
  return (
    isSecretName(key) && ((typeof value === "string" && value !== "") || typeof value === "object") && value !== null
  );
}

/** Only what an error says of itself: the `config` and `request` an HTTP client hangs on it hold headers. */
function describeError(error: Error, path: readonly object[]): Record<string, unknown> {
  const { code, cause }: { code?: unknown; cause?: unknown } = error;
  return {
    type: error.name,
    message: redactInside(error.message, path),
    ...(typeof code === "string" && { code }),
    ...(error.stack !== undefined && { stack: redactInside(error.stack, path) }),
    ...(cause !== undefined && { cause: redactInside(cause, path) }),
    ...(error instanceof AggregateError && { errors: redactInside(error.errors, path) }),
  };
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}… (${text.length} characters)` : text;
}
