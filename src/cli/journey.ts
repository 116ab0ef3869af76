import type { Command } from "commander";
import { configFaultText } from "../queries/configuration/config-fault.ts";
import { loadConfiguration } from "../queries/configuration.ts";
import { type Journey, journeySchema, readJourney } from "../queries/journey.ts";
import { readNow } from "../store/db.ts";
import { accountOf } from "./account-argument.ts";
import { printArchival } from "./archival.ts";
import type { CliContext } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import type { Output } from "./output.ts";

/** `journey`: the stages and milestones of an account, with their days. */
export function registerJourney(program: Command, context: CliContext): void {
  const journey = program
    .command("journey")
    .argument("<account>", "its key, a source's id for it, or its name")
    .description("show where an account is in its life: stages and milestones, and which of them are late")
    .addHelpText("after", "\nExample:\n  keepwell journey acme");
  offerJson(journey, journeySchema).action((account: string, options: { readonly json?: boolean }) =>
    run(context, account, options.json === true),
  );
}

async function run(context: CliContext, text: string, isJson: boolean): Promise<void> {
  const { out } = context;
  await context.withDatabase(async ({ db }) => {
    await ensureDocuments(context, db);
    const loaded = await loadConfiguration(db);
    if ("faults" in loaded) throw new UsageError(loaded.faults.map(configFaultText).join("\n"));
    const { key } = await accountOf(db, text);
    const journey = await readJourney(db, loaded.configuration, key, await readNow(db));
    if (journey === null) throw new UsageError(`There is no account ${key}.`);
    if (isJson) out.json(journeySchema, journey);
    else printJourney(out, journey);
  });
}

const deciders = { hand: "by hand", crm: "by the CRM", conditions: "by the rules" } as const;

function printJourney(out: Output, journey: Journey): void {
  const { bold, dim } = out.paint;
  const { stage, stages, milestones, status } = journey;
  out.line(`${bold(journey.name)}  ${dim(`${journey.account} · days in ${journey.zone}`)}`);
  printArchival(out, "journey", journey.archived);
  const decided = stage.decidedBy === null ? "" : ` ${deciders[stage.decidedBy]}`;
  const since = stage.sinceDay === null ? "" : ` since ${stage.sinceDay}`;
  out.line(`${bold(stage.name ?? "no stage")}${since}${decided}  ${dim(stage.reason)}`);
  if (status !== null) out.line(`The journey is ${paintStatus(out, status)}.`);
  if (stages.length > 0) {
    out.line();
    out.table({
      head: ["stage", "entered", "left"],
      rows: stages.map(({ name, enteredDay, leftDay }) => [name, enteredDay, leftDay]),
    });
  }
  if (milestones.length > 0) {
    out.line();
    out.table({
      head: ["milestone", "stage", "status", "reached", "by", "expected"],
      rows: milestones.map((milestone) => [
        milestone.name,
        milestone.stage,
        paintStatus(out, milestone.status),
        milestone.reachedDay,
        milestone.by,
        milestone.expectedDay,
      ]),
    });
  }
}

function paintStatus({ paint }: Output, status: Journey["milestones"][number]["status"]): string {
  switch (status) {
    case "reached":
    case "on-track":
      return paint.green(status);
    case "behind":
      return paint.yellow(status);
    case "stuck":
      return paint.red(status);
    case "open":
      return paint.dim(status);
    default:
      return status satisfies never;
  }
}
