import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { customerLinks } from "../../playbooks/customer-links.ts";
import type { EmailMessage } from "../../playbooks/message.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { readNow } from "../../store/db.ts";
import { openLinkSigner } from "../../store/link-signer.ts";
import { findSuppression, suppressionWords } from "../../store/mail-suppressions.ts";
import { tryPlaybook } from "../../worker/trial.ts";
import type { LiveConfiguration } from "../../worker/worker.ts";
import { accountOf } from "../account-argument.ts";
import type { CliContext, ReachableDatabase } from "../context.ts";
import { ensureDocuments } from "../documents-in-force.ts";
import { UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { oneLine } from "../output.ts";
import { serverOf } from "../worker.ts";

/** What `mail preview --json` prints. */
const previewShape = z.strictObject({
  playbook: z.string(),
  step: z.string(),
  account: z.string(),
  channel: z.string(),
  to: z.string(),
  /** As they would go over the wire. */
  headers: z.array(z.string()),
  text: z.string(),
  html: z.string(),
  /** Why it would not be sent all the same; null: it would be. */
  suppressed: z.string().nullable(),
});
type Preview = z.infer<typeof previewShape>;

interface PreviewOptions {
  readonly account: string;
  readonly html?: string;
  readonly json?: boolean;
}

/** `mail preview`: a mail as it would go out now, headers and all; nothing is sent. */
export function registerMailPreview(mail: Command, context: CliContext): void {
  const preview = mail
    .command("preview")
    .argument("<playbook>", "the id of a playbook")
    .argument("<step>", "the id of a step of it that sends a mail")
    .requiredOption("--account <account>", "its key, a source's id for it, or its name")
    .option("--html <file>", "write the HTML there, to be looked at in a browser")
    .description("show a mail as it would go out now, and send nothing")
    .addHelpText("after", "\nExample:\n  keepwell mail preview usage-decline mail --account acme --html mail.html");
  offerJson(preview, previewShape).action((playbook: string, step: string, options: PreviewOptions) =>
    printPreview(context, playbook, step, options),
  );
}

async function printPreview(context: CliContext, id: string, stepId: string, options: PreviewOptions): Promise<void> {
  const { out } = context;
  const preview = await context.withDatabase(async (database) => {
    await ensureDocuments(context, database.db);
    const follow = context.composition.followConfiguration(database.db);
    try {
      return await previewOf(context, database, await follow.live(), { id, stepId, account: options.account });
    } finally {
      await follow.close();
    }
  });
  if (options.html !== undefined) await writeFile(options.html, preview.html);
  if (options.json === true) return out.json(previewShape, preview);
  for (const header of preview.headers) out.line(oneLine(header));
  out.line();
  out.line(preview.text.trimEnd());
  if (preview.suppressed !== null) out.note(`It would not be sent: ${preview.suppressed}.`);
  if (options.html !== undefined) out.note(`The HTML is in ${options.html}.`);
}

interface Asked {
  readonly id: string;
  readonly stepId: string;
  readonly account: string;
}

async function previewOf(
  { settings }: CliContext,
  { db }: ReachableDatabase,
  { configuration, channels }: LiveConfiguration,
  { id, stepId, account }: Asked,
): Promise<Preview> {
  const playbook = configuration.playbooks.find((one) => one.id === id);
  if (playbook === undefined) throw new UsageError(`There is no playbook "${id}".`);
  const now = await readNow(db);
  const { accountId, key } = await db.transaction().execute((tx) => accountOf(tx, account));
  const links = customerLinks(serverOf(settings), (await openLinkSigner(db)).sign);
  const order = { accountId, playbook: onlyStep(playbook, stepId), score: null };
  const trial = await tryPlaybook(db, { configuration, links }, order, now);
  const action = trial?.effects[0]?.action;
  if (action === undefined) throw new UsageError(`No mail would be made: ${trial?.end ?? "the account is away"}.`);
  if (action.message.kind !== "email") throw new UsageError(`No mail would be made: ${action.reason}.`);
  const { message, channel = "" } = action;
  const suppression = await db.transaction().execute((tx) => findSuppression(tx, message.to));
  return {
    ...{ playbook: id, step: stepId, account: key, channel: channel ?? "", to: message.to },
    headers: [...((await channels.get(channel ?? "")?.headersOf?.(message, now)) ?? ownHeaders(message))],
    text: message.text,
    html: message.html,
    suppressed: suppression === null || message.audience === "team" ? null : suppressionWords(suppression),
  };
}

/** The step alone, whatever stands before it and under what condition. */
function onlyStep(playbook: CompiledPlaybook, stepId: string): CompiledPlaybook {
  const step = [...playbook.steps, ...playbook.onRecover].find(({ id }) => id === stepId);
  if (step?.kind !== "email" && step?.kind !== "survey") {
    const mails = [...playbook.steps, ...playbook.onRecover].filter(
      ({ kind }) => kind === "email" || kind === "survey",
    );
    const known = mails.map(({ id }) => id).join(", ") || "none";
    throw new UsageError(`The playbook "${playbook.id}" has no step "${stepId}" that sends a mail; it has: ${known}.`);
  }
  return { ...playbook, steps: [{ ...step, next: null, onlyIf: null, skipAfterMs: null }] };
}

/** Where nothing leaves, nobody adds any. */
function ownHeaders({ to, subject, replyTo, messageId, unsubscribeLink }: EmailMessage): readonly string[] {
  return [
    `To: ${to}`,
    `Subject: ${subject}`,
    ...(replyTo === null ? [] : [`Reply-To: ${replyTo}`]),
    `Message-ID: ${messageId}`,
    ...(unsubscribeLink == null ? [] : [`List-Unsubscribe: <${unsubscribeLink}>`]),
  ];
}
