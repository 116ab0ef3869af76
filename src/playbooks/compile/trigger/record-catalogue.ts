import { z } from "zod";
import type { FactCatalogue, FactType } from "../../../scoring/fact-catalogue.ts";
import { suggestion } from "../../../scoring/fault.ts";
import { recordFields } from "../../../scoring/records.ts";
import type { ArrivalKind } from "../../schema/triggers.ts";

/** The fields of a kind of record as facts: as sources give them, a payload's members as `payload.<name>`. */
export function recordCatalogue(kind: ArrivalKind): FactCatalogue {
  const fields = new Map(fieldsOf(kind).map(([name, schema]) => [name, typeOf(schema)]));
  const known = [...fields].flatMap(([name, type]) => (type === null ? [] : [name]));
  return {
    typeOf: (name) => (inPayload(name, fields) ? "any" : (fields.get(name) ?? null)),
    refusal: (name) => {
      const what = /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`;
      const payload = fields.has("payload") ? ", payload.<name>" : "";
      return `${what} has no field "${name}": expected ${known.join(", ")}${payload}${suggestion(name, known)}`;
    },
  };
}

/** A catalogue of some of the facts of another. */
export function only(catalogue: FactCatalogue, names: readonly string[]): FactCatalogue {
  return {
    typeOf: (name) => (names.includes(name) ? catalogue.typeOf(name) : null),
    refusal: (name) => `an answer has no field "${name}": expected ${names.join(", ")}${suggestion(name, names)}`,
  };
}

/** The fields that have one of a few values, with these. */
export function valuesOf(kind: ArrivalKind): ReadonlyMap<string, readonly string[]> {
  return new Map(
    fieldsOf(kind).flatMap(([name, schema]) => {
      const inner = plain(schema);
      return inner instanceof z.ZodEnum ? [[name, inner.options.map(String)] as const] : [];
    }),
  );
}

function fieldsOf(kind: ArrivalKind): readonly (readonly [string, z.ZodType])[] {
  const shape: Readonly<Record<string, z.ZodType>> = recordFields[kind].shape;
  return Object.entries(shape).filter(([name]) => name !== "deleted");
}

function inPayload(name: string, fields: ReadonlyMap<string, FactType | null>): boolean {
  return fields.has("payload") && /^payload(\.[^.]+)+$/.test(name);
}

/** Null for what is no single value. */
function typeOf(schema: z.ZodType): FactType | null {
  const inner = plain(schema);
  if (inner instanceof z.ZodNumber) return "number";
  if (inner instanceof z.ZodBoolean) return "boolean";
  if (inner instanceof z.ZodISODate) return "day";
  return inner instanceof z.ZodRecord ? null : "text";
}

function plain(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? plain(schema.unwrap()) : schema;
}
