import { faultAt, suggestion } from "../../../scoring/fault.ts";
import type { CallPlaybookStep } from "../../playbook.ts";
import type { Compilation } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `call-playbook` step, or null with its faults told. */
export function compileCallPlaybook(
  step: StepOf<"call-playbook">,
  { at, frame, compilation }: Site,
): CallPlaybookStep | null {
  const { playbook } = step;
  const { playbooks } = compilation.context;
  if (playbooks !== undefined && !playbooks.includes(playbook)) {
    const message = `there is no playbook "${playbook}"${suggestion(playbook, playbooks)}`;
    compilation.faults.push(faultAt(`${at}.playbook`, playbook, message));
    return null;
  }
  const circle = circleFrom(playbook, compilation);
  if (circle !== null) {
    const message = `calls itself: ${circle.map((id) => `"${id}"`).join(" → ")}`;
    compilation.faults.push(faultAt(`${at}.playbook`, playbook, message));
    return null;
  }
  return { ...frame, kind: "call-playbook", playbook };
}

/** The way by which a call leads back to the playbook that makes it; null: it does not. */
function circleFrom(called: string, { playbookId, context }: Compilation): readonly string[] | null {
  if (playbookId === null) return null;
  const ways: (readonly string[])[] = [[playbookId, called]];
  const passed = new Set<string>();
  for (const way of ways) {
    const last = way.at(-1) ?? "";
    if (last === playbookId) return way;
    if (passed.has(last)) continue;
    passed.add(last);
    for (const next of context.calls?.get(last) ?? []) ways.push([...way, next]);
  }
  return null;
}
