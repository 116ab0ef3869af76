import type { Command } from "commander";
import { z } from "zod";
import { diagnose } from "../queries/doctor.ts";
import { checkCustomerMail } from "../queries/mail-readiness.ts";
import { checkStorage, readStorage, type Storage } from "../queries/storage.ts";
import type { CliContext } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { CommandEnd, exitCodes } from "./failure.ts";
import { offerJson } from "./json-option.ts";

/** What `doctor --json` prints. */
const doctorShape = z.strictObject({
  ok: z.boolean(),
  /** Where the database is reached, without a password: for psql and pg_dump. */
  database: z.string(),
  storage: z.strictObject({
    accounts: z.int(),
    /** Of all tables with their indexes. */
    bytes: z.int(),
    bytesPerAccount: z.int().nullable(),
    tables: z.array(z.strictObject({ table: z.string(), bytes: z.int() })),
    /** The five accounts with the most rows; estimates where tables are large. */
    biggestAccounts: z.array(z.strictObject({ account: z.string(), rows: z.int() })),
    maintainedAt: z.iso.datetime().nullable(),
  }),
  findings: z.array(
    z.strictObject({ subject: z.string(), state: z.enum(["ok", "warning", "fault"]), detail: z.string() }),
  ),
});

/** `doctor`: is everything in order, and if not, what mends it? And `migrate`, which every command does by itself. */
export function registerDoctor(program: Command, context: CliContext): void {
  const doctor = program
    .command("doctor")
    .description("check database, documents, channels, streams, accounts and actions, and say what mends a fault")
    .addHelpText("after", "\nExample:\n  keepwell doctor");
  offerJson(doctor, doctorShape).action((options: { json?: boolean }) => run(context, options.json === true));

  program
    .command("migrate")
    .description("bring the database's schema up to date; every other command does so too")
    .addHelpText("after", "\nExample:\n  DATABASE_URL=postgres://localhost/keepwell keepwell migrate")
    .action(() => context.withDatabase(async () => context.out.line("The schema is up to date.")));
}

async function run(context: CliContext, isJson: boolean): Promise<void> {
  const { out } = context;
  await context.withDatabase(async ({ db, url }) => {
    await ensureDocuments(context, db);
    const follow = context.composition.followConfiguration(db);
    try {
      const live = await follow.live();
      const storage = await readStorage(db);
      const findings = [
        ...(await diagnose(db, [...live.channels.values()])),
        ...checkCustomerMail(live.configuration, context.settings.publicUrl),
        ...checkStorage(storage),
      ];
      const ok = findings.every((finding) => finding.state !== "fault");
      if (isJson) out.json(doctorShape, { ok, database: withoutPassword(url), storage: shown(storage), findings });
      else {
        const { green, yellow, red } = out.paint;
        const marks = { ok: green("ok"), warning: yellow("warning"), fault: red("fault") };
        out.table({
          head: ["what", "", "detail"],
          rows: findings.map(({ subject, state, detail }) => [subject, marks[state], detail]),
        });
      }
      if (!ok) throw new CommandEnd(exitCodes.failure);
    } finally {
      await follow.close();
    }
  });
}

function withoutPassword(url: string): string {
  const shownUrl = new URL(url);
  shownUrl.password = "";
  return shownUrl.href;
}

function shown({ accounts, bytes, bytesPerAccount, tables, biggest, maintainedAt }: Storage) {
  return {
    accounts,
    bytes,
    bytesPerAccount,
    tables: tables.map((each) => ({ ...each })),
    biggestAccounts: biggest.map((each) => ({ ...each })),
    maintainedAt: maintainedAt?.toISOString() ?? null,
  };
}
