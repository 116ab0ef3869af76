import { isDeepStrictEqual } from "node:util";
import { joinPath } from "../../scoring/fault.ts";

/** One place at which two versions of a document differ; undefined where it is not there. */
export interface Difference {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * Where two documents differ, leaf by leaf. Parts of a list that have an `id` are compared by it, so that a new one in the middle is one
 * difference and not one for each that follows; other lists, such as the points of a curve, are one value.
 */
export function documentDifferences(from: unknown, to: unknown, path = ""): readonly Difference[] {
  if (isDeepStrictEqual(from, to)) return [];
  if (isListOfObjects(from) && isListOfObjects(to)) return memberDifferences(from, to, path);
  const [before, after] = [partsOf(from), partsOf(to)];
  if (before === null || after === null) return [{ path, from, to }];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) => documentDifferences(before.get(name), after.get(name), joinPath(path, name)));
}

/** Members without a name are the same only when they are equal; where they merely changed places, the list is one difference. */
function memberDifferences(from: readonly unknown[], to: readonly unknown[], path: string): readonly Difference[] {
  const without = (list: readonly unknown[], other: readonly unknown[]) =>
    list.flatMap((member, index) => (other.some((one) => isDeepStrictEqual(one, member)) ? [] : [{ index, member }]));
  const gone = without(from, to).map(({ index, member }) => ({
    path: joinPath(path, index),
    from: member,
    to: undefined,
  }));
  const come = without(to, from).map(({ index, member }) => ({
    path: joinPath(path, index),
    from: undefined,
    to: member,
  }));
  return gone.length + come.length === 0 ? [{ path, from, to }] : [...gone, ...come];
}

/** Of objects that have no `id`. */
function isListOfObjects(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) &&
    value.every((member) => typeof member === "object" && member !== null && !Array.isArray(member)) &&
    (value.length === 0 || value.some((member) => idOf(member) === null))
  );
}

/** The parts of an object, or of a list whose members are named; null for what is one value. */
function partsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== "object" || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((member) => [idOf(member), member] as const);
  return named.length > 0 && named.every(([id]) => id !== null)
    ? new Map(named.map(([id, one]) => [id ?? "", one]))
    : null;
}

function idOf(member: unknown): string | null {
  if (typeof member !== "object" || member === null || !("id" in member)) return null;
  return typeof member.id === "string" ? member.id : null;
}
