import { z } from "zod";
import type { Outcome } from "../../playbooks/message.ts";
import { readAnswer } from "../read-answer.ts";
import type { CrmTask, SinkContext } from "../sink-port.ts";
import type { HubSpotApi } from "./api.ts";
import type { HubSpotSettings } from "./settings.ts";
import { isAbout, isRefusal, partsSchema, withAdvice } from "./write-faults.ts";

const upsertedSchema = z.looseObject({
  results: z.tuple([z.looseObject({ id: z.coerce.string(), new: z.boolean().nullish() })], z.unknown()),
});

/** HubSpot finds the task by our key, so the same task given again is the same task there; nothing is said of whether it is done. */
export async function putTask(
  api: HubSpotApi,
  { keyProperty, companyAssociation }: NonNullable<HubSpotSettings["tasks"]>,
  task: CrmTask,
  context: SinkContext,
): Promise<Outcome> {
  const input = { id: task.key, idProperty: keyProperty, properties: propertiesOf(task, keyProperty, context.now) };
  const request = api.batch("tasks", "upsert", { inputs: [input] });
  const answer = await context.call(request).catch((error: unknown) => {
    throw isAbout(error, keyProperty) ? withAdvice(error, keyProperty) : error;
  });
  const [made] = readAnswer(answer, upsertedSchema).results;
  const unlinked =
    task.account === null
      ? "the account is not known there"
      : await linkToCompany(api, { task: made.id, company: task.account, companyAssociation }, context);
  const reason = unlinked === null ? `task ${made.id}` : `task ${made.id}, not linked to a company: ${unlinked}`;
  return { kind: "sent", reason, receipt: { externalId: made.id, created: made.new ?? null } };
}

function propertiesOf(task: CrmTask, keyProperty: string, now: Date) {
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
  link: { readonly task: string; readonly company: string; readonly companyAssociation: number },
  context: SinkContext,
): Promise<string | null> {
  const types = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: link.companyAssociation }];
  const body = { inputs: [{ from: { id: link.task }, to: { id: link.company }, types }] };
  try {
    const answer = await context.call(api.links("tasks", "companies", "create", body));
    return readAnswer(answer, partsSchema).errors[0]?.message ?? null;
  } catch (error) {
    if (isRefusal(error)) return error.message;
    throw error;
  }
}
