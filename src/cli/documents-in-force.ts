import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasSecret } from "../config.ts";
import { configFaultText } from "../queries/configuration/config-fault.ts";
import { missingSecrets } from "../queries/configuration/secrets.ts";
import { compileFolder } from "../queries/configuration.ts";
import { type Db, readNow } from "../store/db.ts";
import { applyDocuments, hashDocument, isEmpty, readLiveDocuments } from "../store/documents.ts";
import type { CliContext } from "./context.ts";
import { CommandEnd, exitCodes } from "./failure.ts";
import { oneLine } from "./output.ts";

/** Documents that come with Keepwell: the sample company's, and a first health model for whoever imports before configuring. */
function shippedConfig(name: "sample-company" | "starter"): string {
  return fileURLToPath(new URL(`../../examples/${name}/config`, import.meta.url));
}

/**
 * Sees to it that there are documents in force. A folder is applied by itself only to a database that never had any; after that drift is
 * told, never overwritten. Ends the command with every fault listed at once when the folder cannot be used.
 */
export async function ensureDocuments(context: CliContext, db: Db): Promise<void> {
  const { settings, out, isSample } = context;
  const hasFolder = existsSync(settings.configFolder);
  if (!(await isEmpty(db))) {
    if (hasFolder) await tellDrift(context, db);
    return;
  }
  if (hasFolder) return applyFirst(context, db, settings.configFolder, "the first documents");
  if (isSample) return applyFirst(context, db, shippedConfig("sample-company"), "the sample company");
  out.note(
    `There is no folder ${settings.configFolder}: a starter health model without playbooks is in force. ` +
      "Copy examples/starter/config to config, edit it, then: keepwell config apply.",
  );
  return applyFirst(context, db, shippedConfig("starter"), "the starter documents");
}

async function applyFirst({ out }: CliContext, db: Db, folder: string, note: string): Promise<void> {
  const checked = await compileFolder(folder);
  const secrets = missingSecrets(checked.documents, hasSecret);
  const faults = [...checked.faults, ...secrets];
  if (faults.length > 0) {
    for (const fault of faults) out.note(`error: ${oneLine(configFaultText(fault))}`);
    out.note(`${folder} cannot be used: ${faults.length} ${faults.length === 1 ? "fault" : "faults"}.`);
    throw new CommandEnd(exitCodes.badInput);
  }
  const now = await readNow(db);
  await db.transaction().execute((tx) => applyDocuments(tx, checked.documents, { author: "keepwell", note, now }));
}

async function tellDrift({ out, settings }: CliContext, db: Db): Promise<void> {
  const checked = await compileFolder(settings.configFolder);
  const live = new Map((await readLiveDocuments(db)).map((one) => [`${one.kind} ${one.id}`, one.hash]));
  const isSame =
    checked.documents.length === live.size &&
    checked.documents.every((one) => live.get(`${one.kind} ${one.id}`) === hashDocument(one.body));
  if (isSame) return;
  out.note(
    `${settings.configFolder} differs from the documents in force, which stay as they are: keepwell config apply brings it in.`,
  );
}
