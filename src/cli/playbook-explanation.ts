import type { Explanation } from "../queries/explain/explanation.ts";
import type { Output } from "./output.ts";

/** Why one playbook fired for an account or did not: the sentence first, then what it rests on. */
export function printPlaybookExplanation(out: Output, { account, playbooks }: Explanation): void {
  for (const { id, reason, since, dueAt, conditions } of playbooks) {
    out.line(`${id} and ${account}: ${reason}`);
    const times = [
      ...(since === null ? [] : [`in this state since ${minuteOf(since)}`]),
      ...(dueAt === null ? [] : [`judged again on ${minuteOf(dueAt)} at the latest`]),
    ];
    if (times.length > 0) out.line(times.join(", "));
    if (conditions.length === 0) continue;
    out.table({
      head: ["part", "fact", "value", "true", "found"],
      rows: conditions.map(({ part, fact, value, truth, words }) => [
        ...[part, fact, value === null ? null : String(value)],
        truthWord(truth),
        words,
      ]),
    });
  }
}

function truthWord(truth: boolean | null): string {
  if (truth === null) return "not known";
  return truth ? "yes" : "no";
}

function minuteOf(moment: string): string {
  return `${moment.slice(0, 16).replace("T", " ")} UTC`;
}
