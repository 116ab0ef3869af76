import { SourceHalt } from "../call-port.ts";
import type { PullContext, SourceCheck } from "../source-port.ts";
import type { PulledObject } from "./objects.ts";
import type { Rest } from "./rest.ts";
import type { SalesforceSettings } from "./settings.ts";
import { selectable, type VisibleFields } from "./visible-fields.ts";

interface CheckDeps {
  readonly rest: Rest;
  readonly visible: VisibleFields;
}

/** Logs in and asks of every object and field that is needed whether the integration user may see it, or write it. */
export async function checkSalesforce(
  { rest, visible }: CheckDeps,
  objects: readonly PulledObject[],
  { writeFields = {} }: Pick<SalesforceSettings, "writeFields">,
  context: PullContext,
): Promise<SourceCheck> {
  try {
    const { organization, user } = await rest.login(context);
    const missing: string[] = [];
    for (const pulled of objects) {
      visible.forget(pulled.object);
      missing.push(...(await missingOf(visible, pulled, context)));
    }
    const accounts = await visible.of(context, "Account");
    const unwritable = Object.values(writeFields).filter(
      (field) => field !== undefined && accounts.get(field)?.isUpdateable !== true,
    );
    missing.push(...unwritable.map((field) => `Account.${field} (to write)`));
    const whose = `organization ${organization ?? "unknown"}, user ${user ?? "unknown"}`;
    const usage = rest.usage();
    const detail = usage === null ? whose : `${whose}; API calls of the last 24 hours: ${usage}`;
    return { ok: missing.length === 0, detail, missing };
  } catch (error) {
    if (!(error instanceof SourceHalt)) throw error;
    const { verdict } = error;
    const missing = verdict.kind === "forbidden" && verdict.missing !== null ? [verdict.missing] : [];
    return { ok: false, detail: verdict.reason, missing };
  }
}

/** The object itself, or fields of it. */
async function missingOf(
  visible: VisibleFields,
  pulled: PulledObject,
  context: PullContext,
): Promise<readonly string[]> {
  try {
    return selectable(pulled, await visible.of(context, pulled.object)).missing;
  } catch (error) {
    const isHidden =
      error instanceof SourceHalt && error.verdict.kind === "forbidden" && error.verdict.missing === pulled.object;
    if (isHidden) return [pulled.object];
    throw error;
  }
}
