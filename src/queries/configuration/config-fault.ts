import { isSecretName, redactText } from "../../redaction.ts";
import { type Fault, faultText } from "../../scoring/fault.ts";
import type { Position } from "./json-text.ts";

/** Something wrong with a document, and where its author finds it. */
export interface ConfigFault extends Fault {
  /** Relative to the folder; for a document of the database its kind and id; null when no file is at fault. */
  readonly file: string | null;
  readonly position: Position | null;
}

/** What can say where it stands. */
export interface Located {
  readonly file: string | null;
  readonly positionOf?: ((path: string) => Position) | undefined;
}

/** The fault with its place, and without the value of anything that is named like a secret. */
export function locateFault(fault: Fault, at: Located): ConfigFault {
  return {
    path: fault.path,
    met: isSecretPath(fault.path) && fault.met !== undefined ? "[redacted]" : withoutSecrets(fault.met),
    message: redactText(fault.message),
    file: at.file,
    position: at.positionOf?.(fault.path) ?? null,
  };
}

/** One line: `playbooks/save.json:12:5 trigger.for: expected a duration (met "2 days")`. */
export function configFaultText(fault: ConfigFault): string {
  const place = fault.position === null ? "" : `:${fault.position.line}:${fault.position.column}`;
  const gap = fault.path === "" ? ": " : " ";
  return fault.file === null ? faultText(fault) : `${fault.file}${place}${gap}${faultText(fault)}`;
}

/** By file, and within a file in the order in which they stand there; what belongs to no file comes first. */
export function inReadingOrder(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  const place = ({ position }: ConfigFault) => (position?.line ?? 0) * 1e6 + (position?.column ?? 0);
  return [...faults].sort((left, right) => {
    const files = (left.file ?? "").localeCompare(right.file ?? "", "en");
    return files === 0 ? place(left) - place(right) : files;
  });
}

function isSecretPath(path: string): boolean {
  return path.split(/[.[\]]+/).some((part) => isSecretName(part));
}

function withoutSecrets(met: unknown): unknown {
  return typeof met === "string" ? redactText(met) : met;
}
