import { z } from "zod";
import { daySchema, recordFields } from "../../scoring/records.ts";
import { verdictWords } from "../../store/verdicts.ts";

/** A text that PostgreSQL can keep: no NUL, no half of a surrogate pair. */
function plain(most: number) {
  return z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(most)
    .refine((text) => !/\0|\p{Cs}/u.test(text), { error: "holds a NUL or a broken character" });
}

const note = plain(10_000);
const reason = plain(1_000);
const name = plain(300);
const moment = z.iso.datetime({ offset: true });
/** A moment in ISO 8601 with its offset or Z, or a day, which means its first instant where the account is. */
const when = z.string().refine((text) => daySchema.safeParse(text).success || moment.safeParse(text).success, {
  error: "expected a day such as 2026-01-31, or a moment with its offset such as 2026-01-31T15:00:00Z",
});

/** Who does it, as it is kept. */
export const authorSchema = plain(100);

/** How the CSM feels about the account: 1 (will leave) to 5 (delighted). */
export const pulseWish = z.strictObject({ score: z.int().min(1).max(5), note: note.optional(), at: when.optional() });
export type PulseWish = z.infer<typeof pulseWish>;

/** Something worth remembering about the account. */
export const noteWish = z.strictObject({ text: note, at: when.optional() });
export type NoteWish = z.infer<typeof noteWish>;

/** A talk with the customer. */
export const touchpointWish = z.strictObject({
  type: recordFields.touchpoint.shape.type.unwrap(),
  note: note.optional(),
  at: when.optional(),
});
export type TouchpointWish = z.infer<typeof touchpointWish>;

/** What people are shown in place of the computed score or band, or of both. */
export const overrideWish = z
  .strictObject({
    score: z
      .number()
      .min(0)
      .max(100)
      .refine((score) => Math.round(score * 10) / 10 === score, { error: "has one decimal at most" })
      .optional(),
    band: name.optional(),
    until: when,
    reason,
  })
  .refine(({ score, band }) => score !== undefined || band !== undefined, { error: "expected a score or a band" });
export type OverrideWish = z.infer<typeof overrideWish>;

/** The stage an account is in, whatever the CRM and the rules say. */
export const stageWish = z.strictObject({ stage: name, reason: reason.optional(), at: when.optional() });
export type StageWish = z.infer<typeof stageWish>;

/** A pause: no playbook begins a run for the account. */
export const snoozeWish = z.strictObject({ until: when, reason });
export type SnoozeWish = z.infer<typeof snoozeWish>;

/** A milestone that was reached, or that was not after all. */
export const milestoneWish = z.strictObject({ note: note.optional(), at: when.optional() });
export type MilestoneWish = z.infer<typeof milestoneWish>;

/** Taking something back. */
export const endWish = z.strictObject({ reason: reason.optional() });
export type EndWish = z.infer<typeof endWish>;

/** An owner's id, or `owner`: whoever owns the account. */
const assignee = name;
/** No task is planned before there were computers; PostgreSQL has no year 0. */
const dueDay = daySchema.refine((day) => day >= "1970-01-01", { error: "expected a day from 1970-01-01" });

const taskFields = {
  title: name,
  body: note.optional(),
  assignee: assignee.default("owner"),
  dueOn: dueDay.optional(),
  /** Counted from today where the account is. */
  dueInDays: z.int().min(0).max(3_650).optional(),
};

function isDueOnce(task: { readonly dueOn?: string | undefined; readonly dueInDays?: number | undefined }): boolean {
  return task.dueOn === undefined || task.dueInDays === undefined;
}

const dueTwice = { error: "expected dueOn or dueInDays, not both" };

/** Something to be done for an account. */
export const taskWish = z.strictObject(taskFields).refine(isDueOnce, dueTwice);
export type TaskWish = z.infer<typeof taskWish>;

/** The same with the key of its account. */
export const accountTaskWish = z.strictObject({ account: name, ...taskFields }).refine(isDueOnce, dueTwice);

export const assignWish = z.strictObject({ assignee });
export type AssignWish = z.infer<typeof assignWish>;

export const doneWish = z.strictObject({ outcome: plain(2_000) });
export type DoneWish = z.infer<typeof doneWish>;

export const putOffWish = z.strictObject({ until: when });
export type PutOffWish = z.infer<typeof putOffWish>;

export const reopenWish = z.strictObject({});
export type ReopenWish = z.infer<typeof reopenWish>;

/** What somebody thinks of an alert. */
export const verdictWish = z.strictObject({ verdict: z.enum(verdictWords), note: plain(2_000).optional() });
export type VerdictWish = z.infer<typeof verdictWish>;
