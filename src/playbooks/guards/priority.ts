import { type Priority, priorities } from "../schema/words.ts";

/** Which of two priorities is the higher: above 0 where the first is, 0 where they are the same. */
export function comparePriority(one: Priority, other: Priority): number {
  return priorities.indexOf(one) - priorities.indexOf(other);
}
