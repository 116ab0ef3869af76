import { formatDay, parseDay } from "../days.ts";
import type { AccountView } from "./account-view.ts";
import { type Metric, type MetricDefinition, measured, noData, notApplicable } from "./metric.ts";
import { watermarkAsOf } from "./watermark.ts";

/** `account.*`, but for an account's own fields. */
export const accountMetrics: readonly Metric[] = [
  {
    name: "account.age_days",
    unit: "days",
    type: "number",
    source: "account",
    formula: "days since the account's first day as a customer",
    missing: "the account's first day is not known; not applicable before it",
    compute: ({ account, today }) => {
      if (account.beganOn == null) return noData("days", "the account's first day (beganOn) is not known");
      const began = parseDay(account.beganOn);
      if (began > today) return notApplicable("days", `the account begins on ${formatDay(began)}`);
      return measured("days", today - began, 0);
    },
  },
  ...(["segment", "industry", "country"] as const).map(
    (field): Metric => ({
      name: `account.${field}`,
      unit: "text",
      type: "text",
      source: "account",
      formula: `the account's ${field}`,
      missing: `the account has no ${field}`,
      compute: (view) => {
        const value = view.account[field];
        return value == null
          ? noData("text", `the account has no ${field}`)
          : measured("text", value, ageOfFields(view));
      },
    }),
  ),
];

const ownField = /^account\.fields\.([A-Za-z][A-Za-z0-9_]*)$/;
const ownUnit = "as given";

/** The form of a metric of an account's own field. */
export const accountFieldForm: MetricDefinition & { readonly pattern: string } = {
  ...ownDefinition("account.fields.<name>", "<name>"),
  pattern: ownField.source.replace("(", "").replace(")", ""),
};

/** The metric of a name such as `account.fields.tier`, null when it is none. */
export function accountFieldMetric(name: string): Metric | null {
  const field = ownField.exec(name)?.[1];
  if (field === undefined) return null;
  return {
    ...ownDefinition(name, field),
    compute: (view) => {
      const { fields } = view.account;
      const value = fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : null;
      if (value == null) return noData(ownUnit, `the account has no field ${field}`);
      return measured(ownUnit, typeof value === "boolean" ? String(value) : value, ageOfFields(view));
    },
  };
}

function ownDefinition(name: string, field: string): MetricDefinition {
  return {
    name,
    unit: ownUnit,
    type: "any",
    source: "account",
    formula: `the account's own field ${field}, a number or a text; of a yes or no "true" or "false"`,
    missing: "the account has no such field",
  };
}

/** A field is true until it changes, as far as its source has said; without a source that states its coverage, until now. */
function ageOfFields(view: AccountView): number {
  const statements = view.coverage.kinds.get("account");
  const mark = statements === undefined ? null : watermarkAsOf(statements, view.lastDay, view.now);
  return mark === null ? 0 : view.lastDay - mark;
}
