import type { Log } from "../../log.ts";
import { domainOf } from "../../playbooks/compile/compilation.ts";
import type { Configuration } from "../../playbooks/configuration.ts";
import { type BrakeNews, brakeEmail, brakeSlack } from "../../playbooks/guards/brake-message.ts";
import { brakeOf, stormWords } from "../../playbooks/guards/storm-brake.ts";
import { ownerOf } from "../../playbooks/owners.ts";
import { keepOpenNotice, type NewNotice } from "../../store/actions.ts";
import type { Tx } from "../../store/db.ts";
import { type PulledBrakeRow, readBraked, readPulledBrakes } from "../../store/guards/brakes.ts";
import type { BatchJudgement } from "../guards.ts";

/** The question waits so long, so that it can say for whom it is: a storm rarely comes in one batch. */
const askAfterMs = 60_000;
const mostNames = 20;

/**
 * Asks once for each brake that was pulled: a message by the channel that guards.json names, and a line of the log. As long as the message
 * waits it is written anew with the accounts that came since.
 */
export async function askOfBrakes(
  tx: Tx,
  { configuration, log }: { readonly configuration: Configuration; readonly log: Log },
  { braked, pulled }: Pick<BatchJudgement, "braked" | "pulled">,
  now: Date,
): Promise<void> {
  if (braked.size === 0) return;
  const brakes = await readPulledBrakes(tx);
  for (const brake of brakes.filter(({ playbookId }) => braked.has(playbookId))) {
    const news = await newsOf(tx, configuration, brake);
    if (news === null) continue;
    if (pulled.has(brake.playbookId)) {
      log.warn({ playbook: news.playbookId, begun: news.begun, waiting: news.accounts }, news.words);
    }
    const notice = noticeOf(configuration, news);
    if (notice !== null) await keepOpenNotice(tx, notice, new Date(brake.pulledAt.getTime() + askAfterMs), now);
  }
}

async function newsOf(tx: Tx, { playbooks, guards }: Configuration, brake: PulledBrakeRow): Promise<BrakeNews | null> {
  const playbook = playbooks.find(({ id }) => id === brake.playbookId);
  const rule = playbook === undefined ? null : brakeOf(playbook, guards);
  if (playbook === undefined || rule === null) return null;
  const { id, playbookId, begun } = brake;
  const waiting = await readBraked(tx, playbookId, mostNames);
  return { id, playbookId, begun, playbookName: playbook.name, words: stormWords(rule, brake), ...waiting };
}

/** Null where the log alone tells: guards.json names no channel, or there is nobody whose mail it would be. */
function noticeOf({ guards, channels, owners }: Configuration, news: BrakeNews): NewNotice | null {
  const channel = channels.find(({ id }) => id === guards.ask);
  const common = { noticeKey: `brake:${news.id}`, state: "pending", reason: news.words } as const;
  if (channel?.kind === "slack") {
    return { ...common, kind: "slack", channel: channel.id, recipient: channel.id, message: brakeSlack(news) };
  }
  const to = ownerOf(owners, null)?.email;
  if (channel?.kind !== "email" || to === undefined) return null;
  const message = brakeEmail(news, to, domainOf(channel.from));
  return { ...common, kind: "email", channel: channel.id, recipient: to, message };
}
