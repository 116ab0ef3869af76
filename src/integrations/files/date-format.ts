import { IANAZone } from "luxon";

/** A date as it was written: with a time of its zone, with a moment of its own, or a day alone. */
export type ParsedDate =
  | { readonly kind: "day"; readonly day: string }
  | { readonly kind: "local"; readonly day: string; readonly ms: number }
  | { readonly kind: "instant"; readonly instant: number };

/** Reads a text in one format; null when it is not written so, or is no date of the calendar. */
export type DateReader = (text: string) => ParsedDate | null;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const patterns: Readonly<Record<string, string>> = {
  YYYY: "(?<year>\\d{4})",
  MMM: "(?<monthName>[A-Za-z]{3})",
  MM: "(?<month>\\d{2})",
  M: "(?<month>\\d{1,2})",
  DD: "(?<day>\\d{2})",
  D: "(?<day>\\d{1,2})",
  HH: "(?<hour>\\d{2})",
  H: "(?<hour>\\d{1,2})",
  hh: "(?<half>\\d{2})",
  h: "(?<half>\\d{1,2})",
  mm: "(?<minute>\\d{2})",
  ss: "(?<second>\\d{2})",
  SSS: "(?<milli>\\d{3})",
  A: "(?<noon>[AaPp])\\.?[Mm]\\.?",
  Z: "(?<offset>Z|[+-]\\d{2}:?\\d{2})",
};

const token = /YYYY|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|SSS|A|Z/g;

const isoPattern =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<milli>\d{1,9}))?)?\s?(?<offset>Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** A reader of `DD-MM-YYYY HH:mm`, `M/D/YYYY h:mm A`, `iso`, `epoch-seconds`, `epoch-milliseconds` …; null when the format is none. */
export function dateReader(format: string): DateReader | null {
  if (format === "iso") return (text) => read(isoPattern.exec(text));
  if (format === "epoch-seconds") return epoch(1000);
  if (format === "epoch-milliseconds") return epoch(1);
  const pattern = patternOf(format);
  return pattern === null ? null : (text) => read(pattern.exec(text));
}

function epoch(factor: number): DateReader {
  return (text) =>
    /^-?\d{1,14}(\.\d+)?$/.test(text) ? { kind: "instant", instant: Math.round(Number(text) * factor) } : null;
}

function patternOf(format: string): RegExp | null {
  const tokens: readonly string[] = format.match(token) ?? [];
  const has = (...names: string[]): boolean => names.some((name) => tokens.includes(name));
  if (!has("YYYY") || !has("MM", "M", "MMM") || !has("DD", "D") || new Set(tokens).size !== tokens.length) return null;
  if (/[A-Za-z]/.test(format.replace(token, "").replaceAll("T", ""))) return null;
  const source = format
    .split(/(YYYY|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|SSS|A|Z)/)
    .map((part) => patterns[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  try {
    return new RegExp(`^${source.join("")}$`);
  } catch {
    // Such as two ways of writing the hour.
    return null;
  }
}

function read(match: RegExpExecArray | null): ParsedDate | null {
  const parts = match?.groups;
  if (parts === undefined) return null;
  const day = dayOf(parts);
  if (day === null) return null;
  if (parts["hour"] === undefined && parts["half"] === undefined) return { kind: "day", day };
  const ms = timeOf(parts);
  if (ms === null) return null;
  const offset = parts["offset"];
  if (offset === undefined) return { kind: "local", day, ms };
  return { kind: "instant", instant: Date.parse(`${day}T00:00:00Z`) + ms - offsetOf(offset) };
}

type Parts = Readonly<Record<string, string | undefined>>;

function dayOf(parts: Parts): string | null {
  const name = parts["monthName"];
  const month = name === undefined ? Number(parts["month"]) : months.indexOf(name.toLowerCase()) + 1;
  const day = `${parts["year"]}-${pad(month)}-${pad(Number(parts["day"]))}`;
  const instant = Date.parse(`${day}T00:00:00Z`);
  // JavaScript takes 31 February for 3 March.
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(day) ? day : null;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

function timeOf(parts: Parts): number | null {
  const hour = hourOf(parts);
  const minute = Number(parts["minute"] ?? 0);
  const second = Number(parts["second"] ?? 0);
  if (hour === null || hour > 23 || minute > 59 || second > 60) return null;
  const milli = Number((parts["milli"] ?? "0").padEnd(3, "0").slice(0, 3));
  return ((hour * 60 + minute) * 60 + second) * 1000 + milli;
}

function hourOf(parts: Parts): number | null {
  if (parts["hour"] !== undefined) return Number(parts["hour"]);
  const half = Number(parts["half"]);
  const noon = parts["noon"]?.toLowerCase();
  if (noon === undefined || half < 1 || half > 12) return null;
  return (half % 12) + (noon === "p" ? 12 : 0);
}

function offsetOf(text: string): number {
  if (text === "Z") return 0;
  const digits = text.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4));
  return (text.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** The moment of a local time; of one that a clock change skips, as if the clock had not changed; of one that comes twice, the first. */
export function instantOf(zone: string, day: string, ms: number): number {
  const local = Date.parse(`${day}T00:00:00Z`) + ms;
  const offsetMs = (instant: number): number => IANAZone.create(zone).offset(instant) * 60_000;
  const around = [offsetMs(local - 86_400_000), offsetMs(local + 86_400_000)];
  const first = local - Math.max(...around);
  return offsetMs(first) === Math.max(...around) ? first : local - Math.min(...around);
}
