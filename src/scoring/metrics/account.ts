import { formatDay, parseDay } from "../days.ts";
import { type Metric, measured, noData, notApplicable } from "./metric.ts";

/** `account.*`. */
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
];
