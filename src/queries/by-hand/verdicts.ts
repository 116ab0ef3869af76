import { z } from "zod";
import { writeAudit } from "../../store/audit.ts";
import type { Tx } from "../../store/db.ts";
import { findRunOfAction, storeVerdict, verdictWords } from "../../store/verdicts.ts";
import { auditRow, type Hand, type HandOutcome } from "./hand.ts";
import type { VerdictWish } from "./wishes.ts";

/** What a verdict came to, as both doors tell it. */
export const verdictDeedSchema = z.strictObject({
  action: z.int(),
  playbook: z.string(),
  verdict: z.enum(verdictWords),
});
export type VerdictDeed = z.infer<typeof verdictDeedSchema>;

/** How the alerts of each playbook are thought of, as both doors tell it. */
export const verdictCountsSchema = z.strictObject({
  playbooks: z.array(z.strictObject({ playbook: z.string(), useful: z.int(), noise: z.int(), wrong: z.int() })),
});

/** Keeps what somebody thinks of an alert. It counts for the whole run, once per person: a second thought replaces the first. */
export async function judgeAlert(
  tx: Tx,
  actionId: number,
  wish: VerdictWish,
  hand: Hand,
  now: Date,
): Promise<HandOutcome<VerdictDeed>> {
  const run = await findRunOfAction(tx, actionId);
  if (run === null) return { kind: "missing", reason: `There is no action ${actionId}` };
  const { verdict, note = null } = wish;
  await storeVerdict(tx, run.runId, { author: hand.author, verdict, note, at: now });
  const { accountId, playbook } = run;
  const row = { deed: "verdict.give", accountId, subject: String(actionId), data: { verdict, playbook } };
  await writeAudit(tx, [auditRow(hand, row)], now);
  return { kind: "done", done: { action: actionId, playbook, verdict } };
}
