import type { Outcome } from "../../playbooks/message.ts";
import { readAnswer } from "../read-answer.ts";
import type { FieldWrite, OwnFieldWrite, SinkContext } from "../sink-port.ts";
import type { HubSpotApi } from "./api.ts";
import type { HubSpotSettings } from "./settings.ts";
import { isAbout, isRefusal, partsSchema, withAdvice } from "./write-faults.ts";

type PropertyNames = NonNullable<HubSpotSettings["writeFields"]>;

/** A change of a company. */
interface CompanyInput {
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Writes the properties of companies that the settings name; one outcome for each, in their order. */
export async function putFields(
  api: HubSpotApi,
  names: PropertyNames,
  writes: readonly FieldWrite[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const inputs = writes.map(({ account, values }) => ({ id: account, properties: propertiesOf(names, values) }));
  return updateCompanies(api, inputs, context);
}

/** Writes one property of one company. */
export async function putField(api: HubSpotApi, write: OwnFieldWrite, context: SinkContext): Promise<Outcome> {
  const { account, field, value } = write;
  const input = { id: account, properties: { [field]: value === null ? "" : String(value) } };
  const [outcome] = await updateCompanies(api, [input], context);
  return outcome ?? { kind: "retry", reason: "HubSpot said nothing of this company" };
}

async function updateCompanies(
  api: HubSpotApi,
  inputs: readonly CompanyInput[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  try {
    const answer = await context.call(api.batch("companies", "update", { inputs }));
    const { results, errors } = readAnswer(answer, partsSchema);
    const written = new Set(results.map(({ id }) => id));
    const refused = new Map(errors.flatMap((each) => each.context.ids.map((id) => [id, each.message] as const)));
    return inputs.map(({ id }) => outcomeOf(written.has(id), refused.get(id)));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const names = new Set(inputs.flatMap(({ properties }) => Object.keys(properties)));
    const unknown = [...names].find((name) => isAbout(error, name));
    if (unknown !== undefined) throw withAdvice(error, unknown);
    return inputs.length === 1 ? [{ kind: "failed", reason: error.message }] : updateInHalves(api, inputs, context);
  }
}

/** One company whose values a rule refuses makes HubSpot refuse all of them: it is found by halving. */
async function updateInHalves(
  api: HubSpotApi,
  inputs: readonly CompanyInput[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const middle = Math.ceil(inputs.length / 2);
  const first = await updateCompanies(api, inputs.slice(0, middle), context);
  return [...first, ...(await updateCompanies(api, inputs.slice(middle), context))];
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
