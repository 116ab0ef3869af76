import type { Outcome } from "../../playbooks/message.ts";
import { readAnswer } from "../read-answer.ts";
import type { FieldWrite, SinkContext } from "../sink-port.ts";
import type { HubSpotApi } from "./api.ts";
import type { HubSpotSettings } from "./settings.ts";
import { isAbout, isRefusal, partsSchema, withAdvice } from "./write-faults.ts";

type PropertyNames = NonNullable<HubSpotSettings["writeFields"]>;

/** Writes the properties of companies; one outcome for each, in their order. */
export async function putFields(
  api: HubSpotApi,
  names: PropertyNames,
  writes: readonly FieldWrite[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const inputs = writes.map(({ account, values }) => ({ id: account, properties: propertiesOf(names, values) }));
  try {
    const answer = await context.call(api.batch("companies", "update", { inputs }));
    const { results, errors } = readAnswer(answer, partsSchema);
    const written = new Set(results.map(({ id }) => id));
    const refused = new Map(errors.flatMap((each) => each.context.ids.map((id) => [id, each.message] as const)));
    return writes.map(({ account }) => outcomeOf(written.has(account), refused.get(account)));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const unknown = Object.values(names).find((name) => name !== undefined && isAbout(error, name));
    if (unknown !== undefined) throw withAdvice(error, unknown);
    return writes.length === 1 ? [{ kind: "failed", reason: error.message }] : putInHalves(api, names, writes, context);
  }
}

/** One company whose values a rule refuses makes HubSpot refuse all of them: it is found by halving. */
async function putInHalves(
  api: HubSpotApi,
  names: PropertyNames,
  writes: readonly FieldWrite[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const middle = Math.ceil(writes.length / 2);
  const first = await putFields(api, names, writes.slice(0, middle), context);
  return [...first, ...(await putFields(api, names, writes.slice(middle), context))];
}

/** An empty text empties a property. */
function propertiesOf(names: PropertyNames, values: FieldWrite["values"]): Record<string, string> {
  const pairs = (["score", "band", "risk", "driver"] as const).map((key) => [names[key], values[key]] as const);
  return Object.fromEntries(
    pairs.flatMap(([name, value]) => (name === undefined ? [] : [[name, value === null ? "" : String(value)]])),
  );
}

function outcomeOf(isWritten: boolean, refusal: string | undefined): Outcome {
  if (refusal !== undefined) return { kind: "failed", reason: `HubSpot refused the fields: ${refusal}` };
  if (isWritten) return { kind: "sent", reason: "written" };
  return { kind: "retry", reason: "HubSpot said nothing of this company" };
}
