import { z } from "zod";
import type { Outcome } from "../../playbooks/message.ts";
import { readAnswer } from "../read-answer.ts";
import type { CrmTask, FieldWrite, Sink, SinkContext } from "../sink-port.ts";
import { SourceHalt } from "../source-port.ts";
import type { HubSpotApi } from "./api.ts";
import type { HubSpotSettings } from "./settings.ts";

type FieldNames = NonNullable<HubSpotSettings["writeFields"]>;

const setUp = 'see "What goes back" in docs/sources/hubspot.md';

/** What goes back to HubSpot: tasks by our key, and fields of companies. Undefined where the settings name neither. */
export function openSink(api: HubSpotApi, { tasks, writeFields }: HubSpotSettings): Sink | undefined {
  if (tasks === undefined && writeFields === undefined) return undefined;
  return {
    fieldsAtOnce: 100,
    putTask: async (task, context) =>
      tasks === undefined
        ? { kind: "failed", reason: `the source's settings have no "tasks": ${setUp}` }
        : putTask(api, tasks, task, context),
    ...(writeFields === undefined
      ? {}
      : { putFields: (writes, context) => putFields(api, writeFields, writes, context) }),
  };
}

const upsertedSchema = z.looseObject({
  results: z.array(z.looseObject({ id: z.coerce.string(), new: z.boolean().nullish() })).min(1),
});

/** HubSpot finds the task by our key, so the same task given again is the same task there; nothing is said of whether it is done. */
async function putTask(
  api: HubSpotApi,
  { keyProperty, companyAssociation }: NonNullable<HubSpotSettings["tasks"]>,
  task: CrmTask,
  context: SinkContext,
): Promise<Outcome> {
  const input = { id: task.key, idProperty: keyProperty, properties: taskProperties(task, keyProperty, context.now) };
  const request = api.batch("tasks", "upsert", { inputs: [input] });
  const answer = await context.call(request).catch((error: unknown) => {
    throw isAbout(error, keyProperty) ? withAdvice(error, keyProperty) : error;
  });
  const [made] = readAnswer(answer, upsertedSchema).results;
  const id = made?.id ?? "";
  const receipt = { externalId: id, created: made?.new ?? null };
  const fault = task.account === null ? "the account is not known there" : null;
  const unlinked = fault ?? (await linkToCompany(api, id, task.account ?? "", companyAssociation, context));
  const reason = unlinked === null ? `task ${id}` : `task ${id}, not linked to a company: ${unlinked}`;
  return { kind: "sent", reason, receipt };
}

function taskProperties(task: CrmTask, keyProperty: string, now: Date) {
  return {
    [keyProperty]: task.key,
    hs_task_subject: task.title,
    hs_task_body: htmlOf(task.body),
    // Noon in UTC is the same day nearly everywhere.
    hs_timestamp: task.dueOn === null ? now.toISOString() : `${task.dueOn}T12:00:00.000Z`,
    hs_task_type: "TODO",
    ...(task.owner === null ? {} : { hubspot_owner_id: task.owner }),
  };
}

/** HubSpot shows the body as HTML: what came from data must not become markup. */
function htmlOf(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/\r?\n/g, "<br>");
}

/** Null once it is linked; else why it will never be: the task is there all the same. Linking twice is linking once. */
async function linkToCompany(
  api: HubSpotApi,
  task: string,
  company: string,
  associationTypeId: number,
  context: SinkContext,
): Promise<string | null> {
  const types = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId }];
  const body = { inputs: [{ from: { id: task }, to: { id: company }, types }] };
  try {
    const answer = await context.call(api.links("tasks", "companies", "create", body));
    const { errors } = readAnswer(answer, partsSchema);
    return errors[0]?.message ?? null;
  } catch (error) {
    if (error instanceof SourceHalt && isFinal(error)) return error.message;
    throw error;
  }
}

/** Of an answer that says for each part what came of it (207). */
const partsSchema = z.looseObject({
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

async function putFields(
  api: HubSpotApi,
  names: FieldNames,
  writes: readonly FieldWrite[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const inputs = writes.map(({ account, values }) => ({ id: account, properties: fieldsOf(names, values) }));
  try {
    const answer = await context.call(api.batch("companies", "update", { inputs }));
    const { results, errors } = readAnswer(answer, partsSchema);
    const written = new Set(results.map(({ id }) => id));
    const refused = new Map(errors.flatMap((each) => each.context.ids.map((id) => [id, each.message] as const)));
    return writes.map(({ account }) => fieldOutcome(written.has(account), refused.get(account)));
  } catch (error) {
    if (!(error instanceof SourceHalt) || !isFinal(error)) throw error;
    const advised = Object.values(names).find((name) => name !== undefined && isAbout(error, name));
    if (advised !== undefined) throw withAdvice(error, advised);
    if (writes.length === 1) return [{ kind: "failed", reason: error.message }];
    return putInHalves(api, names, writes, context);
  }
}

/** One company whose values a rule refuses makes HubSpot refuse all of them: it is found by halving. */
async function putInHalves(
  api: HubSpotApi,
  names: FieldNames,
  writes: readonly FieldWrite[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const middle = Math.ceil(writes.length / 2);
  const first = await putFields(api, names, writes.slice(0, middle), context);
  return [...first, ...(await putFields(api, names, writes.slice(middle), context))];
}

/** An empty text empties a property. */
function fieldsOf(names: FieldNames, values: FieldWrite["values"]): Record<string, string> {
  const pairs = (["score", "band", "risk", "driver"] as const).map((key) => [names[key], values[key]] as const);
  return Object.fromEntries(
    pairs.flatMap(([name, value]) => (name === undefined ? [] : [[name, value === null ? "" : String(value)]])),
  );
}

function fieldOutcome(isWritten: boolean, refusal: string | undefined): Outcome {
  if (refusal !== undefined) return { kind: "failed", reason: `HubSpot refused the fields: ${refusal}` };
  if (isWritten) return { kind: "sent", reason: "written" };
  return { kind: "retry", reason: "HubSpot said nothing of this company" };
}

function isFinal({ verdict }: SourceHalt): boolean {
  return verdict.kind === "fatal";
}

/** HubSpot names a property it does not know, or whose values are not unique. */
function isAbout(error: unknown, property: string): error is SourceHalt {
  if (!(error instanceof SourceHalt) || !isFinal(error)) return false;
  return error.message.includes(property) && /does not exist|non-unique/.test(error.message);
}

function withAdvice({ verdict }: SourceHalt, property: string): SourceHalt {
  return new SourceHalt({ ...verdict, reason: `${verdict.reason}; make the property "${property}" first, ${setUp}` });
}
