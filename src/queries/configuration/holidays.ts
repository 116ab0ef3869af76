import { createRequire } from "node:module";
import type Holidays from "date-holidays";
import type { PublicHolidays } from "../../scoring/calendar.ts";
import { parseDay } from "../../scoring/days.ts";
import { type Fault, faultAt, suggestion } from "../../scoring/fault.ts";
import type { DayNumber } from "../../scoring/history.ts";

type Library = typeof Holidays;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Codes that people use and ISO 3166-1 does not. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ["UK", "GB"],
  ["EL", "GR"],
]);

/** Loaded when a document names a country, which few do: it takes a third of a second. */
let library: { readonly Holidays: Library; readonly countries: ReadonlyMap<string, string> } | null = null;
const known = new Map<string, ReadonlySet<DayNumber>>();

/**
 * Public holidays, from date-holidays. Half days and days that only banks or schools have off are working days; a day that is given in
 * place of a holiday is none.
 */
export const publicHolidays: PublicHolidays = (country, region, year) => {
  const key = `${country}/${region ?? ""}/${year}`;
  const days = known.get(key);
  if (days !== undefined) return days;
  // What is not known is not kept: accounts may have any text as their country.
  if (placeFaults({ country, region }, "").length > 0) return null;
  const found = findHolidays(country, region, year);
  known.set(key, found);
  return found;
};

/** What is wrong with a country, or with a region of it; `path` leads to the object that holds both. */
export function placeFaults(
  place: { readonly country: string; readonly region?: string | null | undefined },
  path: string,
): readonly Fault[] {
  const { Holidays, countries } = load();
  const { country, region } = place;
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (!countries.has(country)) {
    const message = `there are no holidays for this country${meantCountry(country, countries)}`;
    return [faultAt(at("country"), country, message)];
  }
  if (region == null) return [];
  const regions = regionsOf(new Holidays(), country);
  if (regions.has(region)) return [];
  const message =
    regions.size === 0
      ? `${country} has no regions with holidays of their own: expected none`
      : `there is no such region of ${country}: expected one of ${[...regions.keys()].join(", ")}${meantRegion(region, regions)}`;
  return [faultAt(at("region"), region, message)];
}

function load(): NonNullable<typeof library> {
  if (library === null) {
    // The types are those of the package's ES module; required, it can be loaded late without waiting.
    const Holidays = createRequire(import.meta.url)("date-holidays") as Library;
    library = { Holidays, countries: new Map(Object.entries(new Holidays().getCountries("en"))) };
  }
  return library;
}

/** A holiday of the next year may be given on a day of this one: where 1 January is a Saturday, 31 December is off in the USA. */
function findHolidays(country: string, region: string | null, year: number): ReadonlySet<DayNumber> {
  const [state, part] = (region ?? "").split("-");
  const place = { country, ...(state ? { state } : {}), ...(part ? { region: part } : {}) };
  const { Holidays } = load();
  const holidays = new Holidays(place, { types: ["public"] });
  const days = new Set<DayNumber>();
  const first = parseDay(`${year}-01-01`);
  const next = parseDay(`${year + 1}-01-01`);
  for (const near of [year - 1, year, year + 1]) {
    for (const { date, start, end } of holidays.getHolidays(near)) {
      const from = localMs(date);
      // It takes the day off that has its noon within it.
      const until = from + end.getTime() - start.getTime();
      for (let day = Math.floor(from / dayMs); day * dayMs + 12 * hourMs < until; day += 1) {
        if (from < day * dayMs + 12 * hourMs && day >= first && day < next) days.add(day);
      }
    }
  }
  return days;
}

/** `2026-04-03 00:00:00` as if it were UTC; an offset behind it only says that the holiday begins at the sunset before. */
function localMs(date: string): number {
  return Date.parse(`${date.slice(0, 19).replace(" ", "T")}Z`);
}

/** Regions by their code, and parts of them as `BY-KATH`, each with its name. */
function regionsOf(holidays: Holidays, country: string): ReadonlyMap<string, string> {
  const regions = new Map<string, string>();
  // Both are undefined where there are none, whatever their types say.
  for (const [state, name] of Object.entries(holidays.getStates(country, "en") ?? {})) {
    regions.set(state, name);
    for (const [part, partName] of Object.entries(holidays.getRegions(country, state, "en") ?? {})) {
      regions.set(`${state}-${part}`, partName);
    }
  }
  return regions;
}

function meantCountry(country: string, countries: ReadonlyMap<string, string>): string {
  const code = otherNames.get(country) ?? codeOf(country, countries);
  return code === null ? ", expected a code of ISO 3166-1, such as DE" : `; did you mean "${code}"?`;
}

/** `DE-BY` means `BY`, and so does "Bavaria" if that is its name. */
function meantRegion(region: string, regions: ReadonlyMap<string, string>): string {
  const withoutCountry = region.replace(/^[A-Z]{2}-/, "");
  const code = regions.has(withoutCountry) ? withoutCountry : codeOf(region, regions);
  return code === null ? suggestion(region, regions.keys()) : `; did you mean "${code}"?`;
}

function codeOf(text: string, names: ReadonlyMap<string, string>): string | null {
  const wanted = text.toLowerCase();
  for (const [code, name] of names) if (name.toLowerCase() === wanted || code.toLowerCase() === wanted) return code;
  return null;
}
