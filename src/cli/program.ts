import { Command, CommanderError } from "commander";
import { readSettings } from "../config.ts";
import { createLog } from "../log.ts";
import { registerAccounts } from "./accounts.ts";
import { registerActions } from "./actions.ts";
import { registerAudit } from "./audit.ts";
import { registerBackup } from "./backup.ts";
import { registerConfig } from "./config.ts";
import { type CliContext, type Composition, createContext } from "./context.ts";
import { registerDoctor } from "./doctor.ts";
import { registerErase } from "./erase.ts";
import { registerExplain } from "./explain.ts";
import { CommandEnd, describeError, type ExitCode, exitCodes, UsageError } from "./failure.ts";
import { registerImport } from "./import.ts";
import { registerInbox } from "./inbox.ts";
import { registerJourney } from "./journey.ts";
import { registerMail } from "./mail.ts";
import { registerMaintain } from "./maintain.ts";
import { registerMilestone } from "./milestone.ts";
import { registerNote } from "./note.ts";
import { registerNotes } from "./notes.ts";
import { createOutput } from "./output.ts";
import { registerOverride } from "./override.ts";
import { registerPlaybooks } from "./playbooks.ts";
import { registerPulse } from "./pulse.ts";
import { registerReplay } from "./replay.ts";
import { registerSnooze } from "./snooze.ts";
import { registerSources } from "./sources.ts";
import { registerStage } from "./stage.ts";
import { registerStart } from "./start.ts";
import { registerSurveys } from "./surveys.ts";
import { registerTask } from "./task.ts";
import { registerToken } from "./token.ts";
import { registerTouch } from "./touch.ts";
import { registerVerdict } from "./verdict.ts";
import { registerWorker } from "./worker.ts";

/** Adds a command to the program; each file of this folder that holds a command exports one. */
export type Register = (program: Command, context: CliContext) => void;

/** In the order in which `--help` lists them. */
const registers: readonly Register[] = [
  registerStart,
  registerWorker,
  registerDoctor,
  registerAccounts,
  registerExplain,
  registerJourney,
  registerImport,
  registerReplay,
  registerConfig,
  registerPlaybooks,
  registerSources,
  registerActions,
  registerInbox,
  registerMail,
  registerSurveys,
  registerTask,
  registerPulse,
  registerTouch,
  registerNote,
  registerNotes,
  registerMilestone,
  registerStage,
  registerOverride,
  registerSnooze,
  registerVerdict,
  registerAudit,
  registerToken,
  registerErase,
  registerMaintain,
  registerBackup,
];

/** Runs one command line (`process.argv` as it is) and answers the exit code. */
export async function runCli(argv: readonly string[], composition: Composition): Promise<ExitCode> {
  endQuietlyOnClosedPipe();
  const read = readSettings();
  if (read.kind === "faults") {
    const out = createOutput(process.stdout, process.stderr, true);
    for (const { variable, message } of read.faults) out.note(`error: ${variable}: ${message}`);
    return exitCodes.badInput;
  }
  const { settings } = read;
  const out = createOutput(process.stdout, process.stderr, settings.isColorless);
  // A one-shot command speaks for itself; `start`, `worker` and `serve` make a log that says more.
  const log = createLog({ level: settings.logLevel ?? "silent", format: settings.logFormat });
  return runProgram(argv, createContext(settings, out, log, composition));
}

/**
 * Runs one command line within a context.
 *
 * @internal
 */
export async function runProgram(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  try {
    await buildProgram(context).parseAsync(argv);
    return exitCodes.ok;
  } catch (error) {
    return settle(error, context);
  }
}

/** The whole command line, nothing run yet. */
function buildProgram(context: CliContext): Command {
  const program = new Command("keepwell")
    .description("Watches every customer account, says how healthy it is and why, and acts before it is lost.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out.line(text.trimEnd()),
      writeErr: (text) => context.out.note(text.trimEnd()),
    })
    .showHelpAfterError("(--help tells more)");
  for (const register of registers) register(program, context);
  return program;
}

function settle(error: unknown, { out, settings }: CliContext): ExitCode {
  if (error instanceof CommandEnd) return error.code;
  // Commander has printed its message already; asked for help, it ends with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
  const isDebugging = settings.logLevel === "debug" || settings.logLevel === "trace";
  const isUsage = error instanceof UsageError;
  out.note(`error: ${describeError(error, isDebugging && !isUsage)}`);
  return isUsage ? exitCodes.badInput : exitCodes.failure;
}

/** `keepwell accounts | head` closes the pipe early: no fault of ours. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(exitCodes.ok);
  });
}
