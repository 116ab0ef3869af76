import { parseDay } from "../days.ts";
import type { DayNumber, MetricValue } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, reachOf, recordsOf } from "./account-view.ts";
import { type Metric, type MetricDefinition, measured, noData, notApplicable } from "./metric.ts";

type Contact = RecordState<"contact">;

const undelivered = "no source delivers contacts";
/** By then another one has been found, or the account has shown what it does without. */
const mournedDays = 120;

/** `contacts.*`. */
export const contactMetrics: readonly Metric[] = [
  {
    ...definition("contacts.count", "count", "contacts who have not left"),
    compute: (view) => overContacts(view, "count", (ageDays) => measured("count", present(view).length, ageDays)),
  },
  {
    ...definition("contacts.champions", "count", "champions who have not left"),
    compute: (view) =>
      overContacts(view, "count", (ageDays) => measured("count", present(view).filter(isChampion).length, ageDays)),
  },
  {
    ...definition(
      "contacts.champion_left",
      "text",
      `yes where a contact whose last known role was champion left in the ${mournedDays} days up to today, else no`,
    ),
    compute: (view) =>
      overContacts(view, "text", (ageDays) => {
        const day = lastDeparture(view);
        return measured("text", day !== null && view.today - day < mournedDays ? "yes" : "no", ageDays);
      }),
  },
  {
    ...definition(
      "contacts.days_since_champion_left",
      "days",
      "days since the last of them left",
      "; not applicable while no champion has left",
    ),
    compute: (view) =>
      overContacts(view, "days", (ageDays) => {
        const day = lastDeparture(view);
        return day === null
          ? notApplicable("days", "no champion has left")
          : measured("days", view.today - day, ageDays);
      }),
  },
];

function definition(name: string, unit: string, formula: string, also = ""): MetricDefinition {
  const type = unit === "text" ? "text" : "number";
  return { name, unit, type, source: "contact", formula, missing: `${undelivered}${also}` };
}

function overContacts(view: AccountView, unit: string, compute: (ageDays: number) => MetricValue): MetricValue {
  const reach = reachOf(view, "contact");
  return reach === null ? noData(unit, undelivered) : compute(reach.ageDays);
}

function present(view: AccountView): readonly Contact[] {
  return recordsOf(view, "contact").filter((contact) => departureOf(contact, view.today) === null);
}

/** The newest day on which a champion left, today or before. */
function lastDeparture(view: AccountView): DayNumber | null {
  let last: DayNumber | null = null;
  for (const contact of recordsOf(view, "contact")) {
    const day = isChampion(contact) ? departureOf(contact, view.today) : null;
    if (day !== null && (last === null || day > last)) last = day;
  }
  return last;
}

function departureOf({ fields }: Contact, today: DayNumber): DayNumber | null {
  const day = fields.leftOn == null ? null : parseDay(fields.leftOn);
  return day !== null && day <= today ? day : null;
}

/** Who leaves often loses the role with the same change: the last one that was given counts. */
function isChampion({ changes }: Contact): boolean {
  let role: Contact["fields"]["role"] = null;
  for (const { set } of changes) role = set.role ?? role;
  return role === "champion";
}
