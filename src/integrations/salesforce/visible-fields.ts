import { z } from "zod";
import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PulledObject } from "./objects.ts";
import type { CallContext, Rest } from "./rest.ts";

/** A field that the integration user may see. */
export interface VisibleField {
  /** Marked as an external id: rows can be put by it. */
  readonly isExternalId: boolean;
  readonly isUpdateable: boolean;
}

/** Which fields of which objects the integration user may see. Asked once a day. */
export interface VisibleFields {
  of(context: CallContext, object: string): Promise<ReadonlyMap<string, VisibleField>>;
  /** An answer said otherwise. */
  forget(object: string): void;
}

const description = z.looseObject({
  fields: z.array(
    z.looseObject({ name: z.string(), externalId: z.boolean().catch(false), updateable: z.boolean().catch(true) }),
  ),
});

const trustedForMs = 24 * 3_600_000;

/** Reads descriptions of objects and keeps them in memory. */
export function openVisibleFields(rest: Rest): VisibleFields {
  const known = new Map<string, { readonly at: number; readonly fields: ReadonlyMap<string, VisibleField> }>();
  return {
    async of(context, object) {
      const kept = known.get(object);
      if (kept !== undefined && context.now.getTime() - kept.at < trustedForMs) return kept.fields;
      const request = { method: "GET", path: `/sobjects/${object}/describe` } as const;
      const answer = await rest.ask(context, request).catch((error: unknown) => {
        throw naming(object, error);
      });
      const fields = new Map(
        readAnswer(answer, description).fields.map(({ name, externalId, updateable }) => [
          name,
          { isExternalId: externalId, isUpdateable: updateable },
        ]),
      );
      known.set(object, { at: context.now.getTime(), fields });
      return fields;
    },
    forget(object) {
      known.delete(object);
    },
  };
}

/** An object that is hidden is answered as if there were none, without a name. */
function naming(object: string, error: unknown): unknown {
  if (!(error instanceof SourceHalt)) return error;
  const { verdict } = error;
  const isHidden = verdict.kind === "forbidden" && verdict.missing === "NOT_FOUND";
  return isHidden ? new SourceHalt({ ...verdict, missing: object }) : error;
}

/** What can be asked of an object, and which fields that are needed for it are not to be seen. */
export function selectable(
  { object, required, optional, configured }: PulledObject,
  visible: ReadonlyMap<string, VisibleField>,
): { readonly fields: readonly string[]; readonly missing: readonly string[] } {
  const needed = [...required, ...configured];
  const fields = [...new Set([...needed, ...optional])].filter((name) => visible.has(name));
  return { fields, missing: needed.filter((name) => !visible.has(name)).map((name) => `${object}.${name}`) };
}

/** The fields to ask for. Throws `SourceHalt`, naming those that are needed and not to be seen. */
export async function fieldsToAsk(
  visible: VisibleFields,
  context: CallContext,
  pulled: PulledObject,
): Promise<readonly string[]> {
  const { fields, missing } = selectable(pulled, await visible.of(context, pulled.object));
  if (missing.length === 0) return fields;
  const reason = "fields do not exist, or the integration user may not see them";
  throw new SourceHalt({ kind: "forbidden", missing: missing.join(", "), reason });
}
