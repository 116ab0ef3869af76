import type { Command } from "commander";
import { z } from "zod";
import { customerLinks } from "../../playbooks/customer-links.ts";
import { describeState } from "../../playbooks/describe.ts";
import type { PlannedAction } from "../../playbooks/plan/action.ts";
import { readCandidates } from "../../queries/backtest/candidates.ts";
import { configFaultText } from "../../queries/configuration/config-fault.ts";
import { type LoadedConfiguration, loadConfiguration } from "../../queries/configuration.ts";
import { scoreOfDay } from "../../queries/explain.ts";
import { parseDay as parseDayNumber, startOfDay } from "../../scoring/days.ts";
import { findAccountByKey } from "../../store/account-list.ts";
import { type Db, readNow } from "../../store/db.ts";
import { findLinkSigner } from "../../store/link-signer.ts";
import { type Trial, tryPlaybook } from "../../worker/trial.ts";
import { accountOf } from "../account-argument.ts";
import { parseDay } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { ensureDocuments } from "../documents-in-force.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { messageText } from "../message-text.ts";
import { type Output, oneLine } from "../output.ts";

/** What `playbooks test --json` prints. */
const trialSchema = z.strictObject({
  playbook: z.string(),
  account: z.string(),
  asOf: z.iso.datetime(),
  /** Where it stands now, in words; null for a past day, and for a playbook that is not in force. */
  standing: z.string().nullable(),
  /** As if it met the account for the first time then, and took nothing as found. */
  wouldFire: z.boolean(),
  reason: z.string(),
  /** What a run that began then would do, if nothing changed of the account. */
  steps: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      step: z.string(),
      kind: z.string(),
      channel: z.string().nullable(),
      recipient: z.string(),
      /** `pending` and `sent` would be done; `skipped` would not. */
      state: z.enum(["pending", "sent", "skipped"]),
      reason: z.string(),
      message: z.unknown(),
    }),
  ),
  end: z.string(),
});
type TrialAnswer = z.infer<typeof trialSchema>;
type TrialStep = TrialAnswer["steps"][number];

interface TestOptions {
  readonly account: string;
  readonly at?: string;
  readonly json?: boolean;
}

/** `playbooks test`: what a playbook would do for one account, with every message, and nothing sent. */
export function registerPlaybookTest(playbooks: Command, context: CliContext): void {
  const test = playbooks
    .command("test")
    .argument("<playbook>", "the id of one in force, or a file that ends in .json")
    .description("say whether a playbook fires for an account and why, and render every step; nothing is kept or sent")
    .requiredOption("--account <account>", "its key, a source's id for it, or its name")
    .option("--at <day>", "as of the end of that day, from what was known then", parseDay)
    .addHelpText(
      "after",
      "\nExample:\n  keepwell playbooks test save-at-risk --account acme" +
        "\n  keepwell playbooks test config/playbooks/save.json --account acme --at 2026-01-31",
    );
  offerJson(test, trialSchema).action((playbook: string, options: TestOptions) => run(context, playbook, options));
}

async function run(context: CliContext, named: string, options: TestOptions): Promise<void> {
  const { out } = context;
  const answer = await context.withDatabase(async ({ db }) => {
    await ensureDocuments(context, db);
    return tryOn(context, db, named, options);
  });
  if (options.json === true) out.json(trialSchema, answer);
  else print(out, answer);
}

async function tryOn(context: CliContext, db: Db, named: string, options: TestOptions): Promise<TrialAnswer> {
  const isFile = named.endsWith(".json");
  const { configuration, id } = isFile ? await fromFile(context.out, db, named) : await inForce(db, named);
  const playbook = configuration.playbooks.find((one) => one.id === id);
  if (playbook === undefined) throw new UsageError(unknownPlaybook(named, configuration));
  const { key } = await accountOf(db, options.account);
  const account = await findAccountByKey(db, key);
  if (account === null) throw new UsageError(`There is no account ${key}.`);
  const today = await readNow(db);
  const now = options.at === undefined ? today : endOfDay(configuration, options.at, today);
  // What is in force has its metrics with the newest score; anything else is computed.
  const isStored = !isFile && options.at === undefined;
  const score = isStored ? null : await scoreOfDay(db, configuration, account, options.at ?? null, today);
  const { publicUrl, host, port } = context.settings;
  const signer = await findLinkSigner(db);
  const server = { url: publicUrl ?? `http://${host}:${port}`, isPublic: publicUrl !== null };
  const links = customerLinks(server, signer?.sign ?? (() => "not-signed"));
  const trial = await tryPlaybook(db, { configuration, links }, { accountId: account.accountId, playbook, score }, now);
  if (trial === null) throw new UsageError(`There is no account ${key}.`);
  return {
    playbook: playbook.id,
    account: key,
    asOf: now.toISOString(),
    standing: isStored ? standingOf(trial, playbook, now) : null,
    wouldFire: trial.wouldFire,
    reason: trial.reason,
    steps: trial.effects.map(({ at, action }) => stepOf(at, action)),
    end: trial.end,
  };
}

async function inForce(db: Db, id: string): Promise<{ configuration: LoadedConfiguration; id: string }> {
  const loaded = await loadConfiguration(db);
  if ("configuration" in loaded) return { configuration: loaded.configuration, id };
  throw new UsageError(`The documents in force cannot be used: ${loaded.faults.map(configFaultText).join("; ")}`);
}

async function fromFile(
  out: Output,
  db: Db,
  file: string,
): Promise<{ configuration: LoadedConfiguration; id: string }> {
  const read = await readCandidates(db, file, null);
  if (!("faults" in read)) return { configuration: read.configuration, id: read.tried.id };
  for (const fault of read.faults) out.note(`error: ${oneLine(configFaultText(fault))}`);
  throw new CommandEnd(exitCodes.badInput);
}

function unknownPlaybook(id: string, { playbooks }: LoadedConfiguration): string {
  const known = playbooks.map((one) => one.id).join(", ") || "none";
  return `There is no playbook ${id} in force; there is ${known}. A file is named with its .json.`;
}

/** The last moment of a day of the company, not after today. */
function endOfDay({ scorer }: LoadedConfiguration, day: string, today: Date): Date {
  return new Date(Math.min(today.getTime(), startOfDay(scorer.company.zone, parseDayNumber(day) + 1) - 1));
}

function standingOf({ situation }: Trial, playbook: LoadedConfiguration["playbooks"][number], now: Date): string {
  const { states, facts, missingReason, snooze, held, history, subject } = situation;
  const { zone } = subject;
  const state = states.find(({ playbookId }) => playbookId === playbook.id) ?? null;
  const surroundings = { history, zone };
  return describeState(playbook, state, facts, {
    ...{ now: now.getTime(), zone, missingReason, snooze, held, surroundings },
  });
}

function stepOf(at: number, action: PlannedAction): TrialStep {
  const { stepId: step, kind, channel, recipient, state, reason, message } = action;
  return { at: new Date(at).toISOString(), step, kind, channel, recipient, state, reason, message };
}

function print(out: Output, { playbook, account, asOf, standing, wouldFire, reason, steps, end }: TrialAnswer): void {
  out.line(`${playbook} on ${account}, as of ${minuteOf(asOf)}`);
  if (standing !== null) out.line(`Now: ${standing}`);
  out.line(`Met for the first time it ${wouldFire ? "would fire" : "would not fire"}: ${reason}`);
  out.line("");
  out.line("A run that began then, if nothing changed of the account; nothing is sent:");
  for (const step of steps) printStep(out, step);
  out.line("");
  out.line(`It ends: ${end}`);
}

function printStep(out: Output, { at, step, kind, channel, recipient, state, reason, message }: TrialStep): void {
  const way = [kind, channel, recipient === channel ? null : recipient].filter(Boolean).join(" ");
  const isSkipped = state === "skipped";
  out.line("");
  out.line(`${minuteOf(at)}  ${out.paint.bold(step)}  ${way}${isSkipped ? ` (skipped: ${reason})` : ""}`);
  if (isSkipped) return;
  for (const line of (isEmpty(message) ? reason : messageText(message)).split("\n")) out.line(`    ${line}`);
}

function isEmpty(message: unknown): boolean {
  return typeof message === "object" && message !== null && Reflect.get(message, "kind") === "none";
}

function minuteOf(moment: string): string {
  return `${moment.slice(0, 16).replace("T", " ")} UTC`;
}
