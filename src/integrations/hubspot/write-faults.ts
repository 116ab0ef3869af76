import { z } from "zod";
import { SourceHalt } from "../call-port.ts";

/** Where an operator reads what to make in HubSpot first. */
export const setUpPage = 'see "What goes back" in docs/sources/hubspot.md';

/** Of an answer that says for each part of a write what came of it (207). */
export const partsSchema = z.looseObject({
  results: z.array(z.looseObject({ id: z.coerce.string() }).partial()).default([]),
  errors: z
    .array(
      z.looseObject({
        message: z.string().catch("no reason given"),
        context: z.looseObject({ ids: z.array(z.coerce.string()).catch([]) }).catch({ ids: [] }),
      }),
    )
    .catch([]),
});

/** Refused for good. */
export function isRefusal(error: unknown): error is SourceHalt {
  return error instanceof SourceHalt && error.verdict.kind === "fatal";
}

/** Does HubSpot refuse a property that it does not know, or whose values are not unique? */
export function isAbout(error: unknown, property: string): error is SourceHalt {
  return isRefusal(error) && error.message.includes(property) && /does not exist|non-unique/.test(error.message);
}

/** The same refusal, with what is to be done about it. */
export function withAdvice({ verdict }: SourceHalt, property: string): SourceHalt {
  return new SourceHalt({
    ...verdict,
    reason: `${verdict.reason}; make the property "${property}" first, ${setUpPage}`,
  });
}
