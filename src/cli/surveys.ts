import type { Command } from "commander";
import { z } from "zod";
import { listSurveys, type SurveyTally, tallySurveys } from "../store/survey-list.ts";
import { parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";

const moment = z.iso.datetime();
const typeShape = z.enum(["nps", "csat", "ces"]);

/** What `surveys list --json` prints. */
const tallyShape = z.strictObject({
  surveys: z.array(
    z.strictObject({
      playbook: z.string(),
      step: z.string(),
      type: typeShape,
      asked: z.int(),
      waiting: z.int(),
      answered: z.int(),
      /** Answered of asked; null where nobody was asked yet. */
      rate: z.number().nullable(),
      mean: z.number().nullable(),
      lastAnswerAt: moment.nullable(),
    }),
  ),
});

/** What `surveys show --json` prints. */
const listShape = z.strictObject({
  surveys: z.array(
    z.strictObject({
      id: z.int(),
      account: z.string(),
      playbook: z.string(),
      step: z.string(),
      type: typeShape,
      email: z.string().nullable(),
      contact: z.string().nullable(),
      question: z.string(),
      mail: z.string().nullable(),
      askedAt: moment,
      expiresAt: moment,
      answeredAt: moment.nullable(),
      score: z.int().nullable(),
      comment: z.string().nullable(),
    }),
  ),
});

/** `surveys`: what customers were asked, and what came back. */
export function registerSurveys(program: Command, context: CliContext): void {
  const surveys = program.command("surveys").description("see which surveys were asked, and what came back");
  const list = surveys
    .command("list", { isDefault: true })
    .description("how many were asked and answered, by playbook, step and type")
    .addHelpText("after", "\nExample:\n  keepwell surveys");
  offerJson(list, tallyShape).action((options: { json?: boolean }) => printTallies(context, options));
  const show = surveys
    .command("show")
    .description("list surveys one by one, the newest first, with their answers")
    .option("--playbook <id>", "only those of this playbook")
    .option("--account <key>", "only those of this account")
    .option("--limit <number>", "how many at most", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell surveys show --playbook nps-every-quarter --limit 20");
  offerJson(show, listShape).action((options: ShowOptions) => printSurveys(context, options));
}

async function printTallies({ out, withDatabase }: CliContext, options: { json?: boolean }): Promise<void> {
  const tallies = await withDatabase(({ db }) => tallySurveys(db));
  if (options.json === true) {
    const surveys = tallies.map((tally) => ({
      ...{ ...tally, rate: rateOf(tally) },
      lastAnswerAt: tally.lastAnswerAt?.toISOString() ?? null,
    }));
    return out.json(tallyShape, { surveys });
  }
  if (tallies.length === 0) return out.line("No survey was asked yet: a step of a playbook does that.");
  out.table({
    head: ["playbook", "step", "type", "asked", "answered", "rate", "mean", "last answer (UTC)"],
    right: [3, 4, 5, 6],
    rows: tallies.map((tally) => [
      ...[tally.playbook, tally.step, tally.type, tally.asked, tally.answered, percent(rateOf(tally))],
      ...[tally.mean?.toFixed(1) ?? null, minuteOf(tally.lastAnswerAt)],
    ]),
  });
  const waiting = tallies.reduce((sum, tally) => sum + tally.waiting, 0);
  if (waiting > 0) out.note(`${waiting} more ${waiting === 1 ? "waits" : "wait"} to be sent.`);
}

interface ShowOptions {
  readonly playbook?: string;
  readonly account?: string;
  readonly limit: number;
  readonly json?: boolean;
}

async function printSurveys({ out, withDatabase }: CliContext, { json, ...filter }: ShowOptions): Promise<void> {
  const found = await withDatabase(({ db }) => listSurveys(db, filter));
  if (json === true) {
    const surveys = found.map((survey) => ({
      ...survey,
      askedAt: survey.askedAt.toISOString(),
      expiresAt: survey.expiresAt.toISOString(),
      answeredAt: survey.answeredAt?.toISOString() ?? null,
    }));
    return out.json(listShape, { surveys });
  }
  if (found.length === 0) return out.line("There is no such survey.");
  out.table({
    head: ["id", "account", "asked (UTC)", "whom", "type", "mail", "answer", "comment"],
    right: [0, 6],
    rows: found.map(({ id, account, askedAt, email, type, mail, score, comment }) => [
      ...[id, account, minuteOf(askedAt), email ?? "erased", type, mail, score, comment],
    ]),
  });
}

function rateOf({ asked, answered }: SurveyTally): number | null {
  return asked === 0 ? null : answered / asked;
}

function percent(share: number | null): string | null {
  return share === null ? null : `${Math.round(share * 100)} %`;
}

function minuteOf(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString().slice(0, 16).replace("T", " ");
}
