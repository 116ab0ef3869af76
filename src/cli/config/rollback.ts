import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { configFaultSchema, toFaultJson } from "../../queries/configuration/fault-json.ts";
import { type RollbackWish, rollBack } from "../../queries/configuration/rollback.ts";
import { readNow } from "../../store/db.ts";
import { parseWholeNumber } from "../arguments.ts";
import { authorOf, type CliContext } from "../context.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { printResult, refuse, resultJson, resultShape } from "./checked-folder.ts";

/** What `config rollback --json` prints. */
const rollbackShape = z.union([
  resultShape.extend({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), faults: z.array(configFaultSchema) }),
]);

interface RollbackOptions {
  readonly to?: Date;
  readonly note?: string;
  readonly author: string;
  readonly json?: boolean;
}

interface Named {
  readonly kind: string | undefined;
  readonly id: string | undefined;
  readonly revision: number | undefined;
}

/** `config rollback`: what was in force before is so again. */
export function registerConfigRollback(config: Command, context: CliContext): void {
  const rollback = config
    .command("rollback")
    .argument("[kind]", "only this document: its kind")
    .argument("[id]", "its id")
    .argument("[revision]", "the revision that is to be in force again", parseWholeNumber)
    .description("put into force again what was before the last application, at a moment, or one document's revision")
    .option("--to <moment>", "what was in force then, such as 2026-03-02T09:00:00Z", parseMoment)
    .option("--note <text>", "why, for the history")
    .option("--author <name>", "who does this", authorOf(context))
    .addHelpText(
      "after",
      "\nExamples:\n  keepwell config rollback\n  keepwell config rollback playbook save-at-risk 3",
    );
  offerJson(rollback, rollbackShape).action(
    (kind: string | undefined, id: string | undefined, revision: number | undefined, options: RollbackOptions) =>
      takeBack(context, { kind, id, revision }, options),
  );
}

async function takeBack(context: CliContext, named: Named, options: RollbackOptions): Promise<void> {
  const { out, withDatabase } = context;
  const wish = wishOf(named, options);
  const saving = await withDatabase(async ({ db }) => {
    const now = await readNow(db);
    const { author, note = null } = options;
    return db.transaction().execute((tx) => rollBack(tx, wish, { author, note }, now));
  });
  switch (saving.kind) {
    case "saved":
      if (options.json === true) return out.json(rollbackShape, { ok: true, ...resultJson(saving.result) });
      return printResult(out, saving.result);
    case "faults":
      if (options.json === true) out.json(rollbackShape, { ok: false, faults: saving.faults.map(toFaultJson) });
      else refuse(out, saving.faults, "in what was in force then; nothing is applied.");
      throw new CommandEnd(exitCodes.badInput);
    default:
      throw new UsageError(saving.reason);
  }
}

function wishOf({ kind, id, revision }: Named, { to }: RollbackOptions): RollbackWish {
  if (kind === undefined) return to === undefined ? { kind: "last" } : { kind: "moment", at: to };
  if (id === undefined || revision === undefined) {
    throw new UsageError("Name the document whole: its kind, its id and the revision, as in: playbook save-at-risk 3.");
  }
  if (to !== undefined)
    throw new UsageError("A document goes back to a revision, or everything goes back to a moment.");
  return { kind: "revision", document: { kind, id, revision } };
}

function parseMoment(text: string): Date {
  if (!z.iso.datetime({ offset: true }).safeParse(text).success) {
    throw new InvalidArgumentError("Expected a moment with its offset, such as 2026-03-02T09:00:00Z.");
  }
  return new Date(text);
}
