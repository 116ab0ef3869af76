import { type ParsedStep, parsePlaybook } from "./parse.ts";

/** The playbooks that a document calls, as far as it can be read. */
export function playbooksCalledBy(document: unknown): readonly string[] {
  return [...new Set(callsIn(parsePlaybook(document).steps))];
}

function callsIn(steps: readonly ParsedStep[]): readonly string[] {
  return steps.flatMap(({ document, inner }) => [
    ...(document?.do === "call-playbook" ? [document.playbook] : []),
    ...callsIn([...inner.values()].flat()),
  ]);
}
