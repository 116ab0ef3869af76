import type {
  AccountClaim,
  AccountMerge,
  Deletion,
  MailSuppression,
  MapContext,
  Mapped,
  TaskReport,
  UserAccount,
  VendorOwner,
} from "../../integrations/mapped-port.ts";
import { type Input, inputSchema } from "../../scoring/records.ts";

/** What the raw things of a page come to, all together. */
export interface MappedPage {
  readonly inputs: readonly Input[];
  /** Those of the inputs that are only a look at how a record stands. */
  readonly states: ReadonlySet<Input>;
  readonly claims: readonly AccountClaim[];
  readonly deleted: readonly Deletion[];
  readonly merged: readonly AccountMerge[];
  readonly owners: readonly VendorOwner[];
  readonly tasks: readonly TaskReport[];
  readonly users: readonly UserAccount[];
  readonly suppressions: readonly MailSuppression[];
  /** Usage is complete through this day; null where nothing says so. */
  readonly coveredThrough: string | null;
  /** What could not be used, with why. */
  readonly rejected: readonly string[];
}

/** Maps raw things one by one; each record is checked as if it came from outside. A mapping that throws costs its own thing only. */
export function mapAll(
  raw: readonly unknown[],
  map: (raw: unknown, context: MapContext) => Mapped,
  context: MapContext,
): MappedPage {
  return gather(
    raw.map((each) => {
      try {
        return map(each, context);
      } catch (error) {
        return { skipped: `the mapping failed: ${error instanceof Error ? error.name : "no error given"}` };
      }
    }),
  );
}

/** Joins what was mapped, in its order. */
export function gather(mapped: readonly Mapped[]): MappedPage {
  const inputs: Input[] = [];
  const states = new Set<Input>();
  const rejected: string[] = [];
  const take = (input: Input, isState: boolean) => {
    const checked = inputSchema.safeParse(input);
    if (!checked.success) rejected.push(`${input.kind}: ${firstFault(checked.error.issues)}`);
    else {
      inputs.push(checked.data);
      if (isState) states.add(checked.data);
    }
  };
  for (const each of mapped) {
    if (each.skipped !== undefined) rejected.push(each.skipped);
    for (const input of each.inputs ?? []) take(input, false);
    for (const input of each.states ?? []) take(input, true);
  }
  return {
    inputs,
    states,
    rejected,
    claims: mapped.flatMap(({ claims = [] }) => claims),
    deleted: mapped.flatMap(({ deleted = [] }) => deleted),
    merged: mapped.flatMap(({ merged = [] }) => merged),
    owners: mapped.flatMap(({ owners = [] }) => owners),
    tasks: mapped.flatMap(({ tasks = [] }) => tasks),
    users: mapped.flatMap(({ users = [] }) => users),
    suppressions: mapped.flatMap(({ suppressions = [] }) => suppressions),
    coveredThrough:
      mapped
        .flatMap((each) => each.coveredThrough ?? [])
        .sort()
        .at(-1) ?? null,
  };
}

function firstFault(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const [first] = issues;
  return first === undefined ? "not a record" : `${first.path.join(".")}: ${first.message}`;
}
