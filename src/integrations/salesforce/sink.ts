import { z } from "zod";
import type { Outcome } from "../../playbooks/message.ts";
import { type Answer, SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { CrmTask, FieldWrite, OwnFieldWrite, Sink, SinkContext } from "../sink-port.ts";
import { isPassing } from "./classify.ts";
import type { Rest } from "./rest.ts";
import type { SalesforceSettings } from "./settings.ts";
import { textQuery } from "./soql.ts";
import type { VisibleFields } from "./visible-fields.ts";

interface SinkDeps {
  readonly rest: Rest;
  readonly visible: VisibleFields;
  readonly clean: (words: string) => string;
}

/** What goes back to Salesforce: tasks by our key where the settings name them, and fields of Accounts. */
export function openSalesforceSink(deps: SinkDeps, { tasks, writeFields }: SalesforceSettings): Sink {
  return {
    // As many as one call takes.
    fieldsAtOnce: 200,
    putTask: async (task, context) =>
      tasks === undefined
        ? { kind: "failed", reason: 'the source\'s settings have no "tasks": see docs/sources/salesforce.md' }
        : putTask(deps, tasks.keyField, task, context),
    putField: (write, context) => putField(deps, write, context),
    ...(writeFields === undefined
      ? {}
      : { putFields: (writes, context) => putFields(deps, writeFields, writes, context) }),
  };
}

const made = z.looseObject({ id: z.string().min(1) });

/** By our key where the field is an external id, which Salesforce itself keeps unique; else it is looked up first, then created. */
async function putTask(
  { rest, visible }: SinkDeps,
  keyField: string,
  task: CrmTask,
  context: SinkContext,
): Promise<Outcome> {
  const field = (await visible.of(context, "Task")).get(keyField);
  if (field === undefined) {
    visible.forget("Task");
    const reason = "the field for our key does not exist, or the integration user may not see it";
    throw new SourceHalt({ kind: "forbidden", missing: `Task.${keyField}`, reason });
  }
  const body = taskFields(task);
  if (field.isExternalId) {
    const answer = await rest.ask(context, {
      method: "PATCH",
      path: `/sobjects/Task/${keyField}/${encodeURIComponent(task.key)}`,
      body,
    });
    const id = idOf(answer) ?? (await findTask(rest, keyField, task.key, context)) ?? "";
    return sentAs(id, answer.status === 201);
  }
  const known = await findTask(rest, keyField, task.key, context);
  if (known !== null) {
    await rest.ask(context, { method: "PATCH", path: `/sobjects/Task/${known}`, body });
    return sentAs(known, false);
  }
  const creation = {
    method: "POST",
    path: "/sobjects/Task",
    body: { ...body, [keyField]: task.key },
    once: true,
  } as const;
  const answer = await rest.ask(context, creation);
  return sentAs(readAnswer(answer, made).id, true);
}

function sentAs(externalId: string, created: boolean): Outcome {
  return { kind: "sent", reason: `task ${externalId}`, receipt: { externalId, created } };
}

/**
 * What is said of the task. Its status is left out: a new one gets the organization's usual one, and one that the CSM has completed stays
 * so when the same task is put again.
 */
function taskFields({ title, body, dueOn, account, owner }: CrmTask): Record<string, string> {
  return {
    Subject: title.slice(0, 255),
    Description: body.slice(0, 32_000),
    ...(dueOn === null ? {} : { ActivityDate: dueOn }),
    ...(account === null ? {} : { WhatId: account }),
    ...(owner === null ? {} : { OwnerId: owner }),
  };
}

/** An update may be answered without a body. */
function idOf(answer: Answer): string | null {
  return answer.text.trim() === "" ? null : readAnswer(answer, made).id;
}

async function findTask(rest: Rest, keyField: string, key: string, context: SinkContext): Promise<string | null> {
  const path = `/query?q=${encodeURIComponent(textQuery("Task", keyField, key))}`;
  const found = z.looseObject({ records: z.array(z.looseObject({ Id: z.string() })) });
  const [first] = readAnswer(await rest.ask(context, { method: "GET", path }), found).records;
  return first?.Id ?? null;
}

const results = z.array(
  z.looseObject({
    success: z.boolean(),
    errors: z.array(z.looseObject({ statusCode: z.string().catch(""), message: z.string().catch("") })).catch([]),
  }),
);
type Result = z.infer<typeof results>[number];

/** The fields of Accounts that the settings name. */
async function putFields(
  deps: SinkDeps,
  names: NonNullable<SalesforceSettings["writeFields"]>,
  writes: readonly FieldWrite[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const changes = writes.map((write) => ({ id: write.account, values: valuesOf(names, write) }));
  return updateAccounts(deps, changes, context);
}

async function putField(deps: SinkDeps, write: OwnFieldWrite, context: SinkContext): Promise<Outcome> {
  const { account, field, value } = write;
  const [outcome] = await updateAccounts(deps, [{ id: account, values: { [field]: value } }], context);
  return outcome ?? { kind: "retry", reason: "Salesforce said nothing of this account" };
}

type Values = Readonly<Record<string, string | number | boolean | null>>;

/** One call for all; each row stands for itself. */
async function updateAccounts(
  { rest, clean }: SinkDeps,
  changes: readonly { readonly id: string; readonly values: Values }[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  // Whatever a field is called, it is this account that is written.
  const records = changes.map(({ id, values }) => ({ ...values, attributes: { type: "Account" }, Id: id }));
  const body = { allOrNone: false, records };
  const answer = await rest.ask(context, { method: "PATCH", path: "/composite/sobjects", body });
  return readAnswer(answer, results).map((result) => outcomeOf(result, clean));
}

function valuesOf(
  { score, band, risk, driver }: NonNullable<SalesforceSettings["writeFields"]>,
  { values }: FieldWrite,
): Record<string, string | number | null> {
  return {
    ...(score === undefined ? {} : { [score]: values.score }),
    ...(band === undefined ? {} : { [band]: values.band }),
    ...(risk === undefined ? {} : { [risk]: values.risk }),
    ...(driver === undefined ? {} : { [driver]: values.driver?.slice(0, 255) ?? null }),
  };
}

function outcomeOf({ success, errors }: Result, clean: (words: string) => string): Outcome {
  if (success) return { kind: "sent", reason: "written" };
  const words = errors.map(({ statusCode, message }) => clean(`${statusCode}: ${message}`)).join("; ");
  const reason = `Salesforce: ${words === "" ? "refused without a reason" : words}`;
  return errors.some(({ statusCode }) => isPassing(statusCode))
    ? { kind: "retry", reason }
    : { kind: "failed", reason };
}
