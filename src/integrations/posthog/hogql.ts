import { daysAfter } from "../day-slices.ts";
import type { PosthogRule } from "./settings.ts";

/** As many rows as a page has; without a limit PostHog answers a hundred. */
export const rowsPerPage = 1_000;

/**
 * A day of usage by group, a column for each rule, in the order of the groups. Days are the project's own: HogQL reads times in its zone.
 * The wider range lets the database pass over what is far from the day.
 */
export function usageQuery(
  rules: readonly PosthogRule[],
  asked: { readonly groupType: number; readonly day: string; readonly after: string | null },
): string {
  const { groupType, day, after } = asked;
  const group = `$group_${groupType}`;
  const columns = rules.map((rule, index) => `${columnOf(rule)} AS c${index}`);
  return [
    `SELECT ${[`${group} AS account`, ...columns].join(", ")}`,
    "FROM events",
    `WHERE timestamp >= toDateTime('${daysAfter(day, -1)} 00:00:00')`,
    `AND timestamp < toDateTime('${daysAfter(day, 2)} 00:00:00')`,
    `AND toDate(timestamp) = toDate('${day}')`,
    `AND ${group} > ${literal(after ?? "")}`,
    `AND (${rules.map(conditionOf).join(" OR ")})`,
    `GROUP BY account ORDER BY account LIMIT ${rowsPerPage}`,
  ].join(" ");
}

/** Groups of a type in the order of their keys. */
export function groupsQuery(asked: { readonly groupType: number; readonly after: string | null }): string {
  const { groupType, after } = asked;
  return [
    "SELECT key, properties, updated_at FROM groups",
    `WHERE index = ${groupType} AND key > ${literal(after ?? "")}`,
    `ORDER BY key LIMIT ${rowsPerPage}`,
  ].join(" ");
}

function columnOf(rule: PosthogRule): string {
  const condition = conditionOf(rule);
  if (rule.sum !== undefined) return `sumIf(toFloat(${rule.sum}), ${condition})`;
  return rule.count === "users" ? `uniqIf(person_id, ${condition})` : `countIf(${condition})`;
}

function conditionOf({ event }: PosthogRule): string {
  if (typeof event !== "string") return `startsWith(event, ${literal(event.startsWith)})`;
  return event === "*" ? "event != ''" : `event = ${literal(event)}`;
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
