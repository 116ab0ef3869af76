import type { Command } from "commander";
import { z } from "zod";
import type { Source, SourceCheck } from "../../integrations/source-port.ts";
import { redactText } from "../../redaction.ts";
import { type Db, readNow } from "../../store/db.ts";
import { openSharedCall } from "../../worker/calls/shared-call.ts";
import type { CliContext } from "../context.ts";
import { ensureDocuments } from "../documents-in-force.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";

/** What `sources check --json` prints. */
const checkShape = z.strictObject({
  ok: z.boolean(),
  sources: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      /** Scopes or permissions, in the vendor's words. */
      missing: z.array(z.string()),
    }),
  ),
});

const deadlineMs = 30_000;

/** `sources check`: are credentials, permissions and objects there? */
export function registerSourceCheck(sources: Command, context: CliContext): void {
  const check = sources
    .command("check")
    .argument("[source]", "its id in sources.json; all unless given")
    .description("ask the vendors whether credentials and permissions are as they should be")
    .addHelpText("after", "\nExample:\n  keepwell sources check hubspot");
  offerJson(check, checkShape).action((id: string | undefined, options: { json?: boolean }) =>
    checkSources(context, id, options.json === true),
  );
}

async function checkSources(context: CliContext, id: string | undefined, isJson: boolean): Promise<void> {
  const { out } = context;
  await context.withDatabase(async ({ db }) => {
    await ensureDocuments(context, db);
    const follow = context.composition.followConfiguration(db);
    try {
      const { sources, configuration } = await follow.live();
      const meant = sources.filter((source) => id === undefined || source.id === id);
      if (id !== undefined && meant.length === 0) throw new UsageError(`sources.json names no source ${id}.`);
      const { zone } = configuration.scorer.company;
      const checked = await Promise.all(meant.map((source) => checkOne(db, source, zone)));
      const ok = checked.every((each) => each.ok);
      if (isJson) out.json(checkShape, { ok, sources: checked });
      else if (checked.length === 0) out.line("There are no sources: sources.json names them.");
      else {
        const { green, red } = out.paint;
        out.table({
          head: ["source", "kind", "", "detail", "missing"],
          rows: checked.map((each) => [
            ...[each.id, each.kind, each.ok ? green("ok") : red("fault"), each.detail, each.missing.join(", ")],
          ]),
        });
      }
      if (!ok) throw new CommandEnd(exitCodes.failure);
    } finally {
      await follow.close();
    }
  });
}

async function checkOne(db: Db, source: Source, zone: string) {
  const now = await readNow(db);
  const signal = AbortSignal.timeout(deadlineMs);
  const call = openSharedCall({ db, jitter: Math.random }, source, signal, now);
  const { id, kind } = source;
  const { ok, detail, missing } = await source
    .check({ now, zone, signal, shrink: 0, call })
    .catch((error: unknown): SourceCheck => ({ ok: false, detail: reasonOf(error), missing: [] }));
  return { id, kind, ok, detail: redactText(detail), missing: [...missing] };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
