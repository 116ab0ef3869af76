import type { Configuration } from "../../playbooks/configuration.ts";
import { houseCap } from "../../playbooks/guards/cap.ts";
import type { AskedRun, AskingAccount, GuardKnowledge, Storm } from "../../playbooks/guards/knowledge.ts";
import { brakeOf } from "../../playbooks/guards/storm-brake.ts";
import type { HouseGuards } from "../../playbooks/guards-document.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { dayMs } from "../../scoring/duration.ts";
import type { Db, Tx } from "../db.ts";
import { readBegunRuns, readSetFacts } from "./begun-runs.ts";
import { countAudience, countBegun, readBrakeVerdicts, readPulledBrakes } from "./brakes.ts";
import { readHoldoutSalt, readRoots } from "./families.ts";
import { readPlaybookSnoozes } from "./snoozes.ts";

/** An account whose runs would begin, as far as it is known already. */
export interface KnownAsker extends Pick<AskingAccount, "zone" | "ownerId" | "snooze" | "underWay" | "budget"> {
  readonly accountId: number;
}

/** How many accounts are in the audience of playbooks. */
export interface Audiences {
  /** By playbook, as they were counted once in a pass. */
  readonly counted: Map<string, number>;
  /** By playbook: those that this batch adds, as it is not written yet. */
  readonly joined: ReadonlyMap<string, number>;
}

/** Runs that set something are told for so long of what they bring about. */
const originMs = dayMs;

/** Reads what the guards of these runs go by; of what none of them needs nothing is read. */
export async function readGuardKnowledge(
  db: Db | Tx,
  configuration: Configuration,
  askers: readonly KnownAsker[],
  asked: readonly AskedRun[],
  audiences: Audiences,
  now: Date,
): Promise<GuardKnowledge> {
  const { guards: house, owners, scorer, playbooks } = configuration;
  const ids = askers.map(({ accountId }) => accountId);
  const asking = [...new Map(asked.map(({ question }) => [question.playbook.id, question.playbook])).values()];
  const held = asking.some(({ holdoutPercent }) => holdoutPercent > 0);
  const back = longestCapMs(asking, house);
  const begun = back === 0 ? [] : await readBegunRuns(db, ids, new Date(now.getTime() - back));
  const setters = playbooks.some(({ steps }) => steps.some(({ kind }) => kind === "set-field" || kind === "set-stage"));
  const setFacts = setters ? await readSetFacts(db, ids, new Date(now.getTime() - originMs)) : [];
  const snoozes = await readPlaybookSnoozes(db, now, ids);
  const roots = held ? await readRoots(db, ids) : new Map<number, number>();
  const braked = asking.filter((playbook) => brakeOf(playbook, house) !== null);
  const verdicts =
    braked.length === 0
      ? []
      : await readBrakeVerdicts(
          db,
          ids,
          braked.map(({ id }) => id),
        );
  const of = <Row extends { readonly accountId: number | null }>(rows: readonly Row[], accountId: number) =>
    rows.filter((row) => row.accountId === accountId);
  return {
    house,
    owners,
    company: scorer.company,
    salt: held ? await readHoldoutSalt(db) : "",
    names: new Map(playbooks.map(({ id, name }) => [id, name])),
    storms: await readStorms(db, braked, house, asked, audiences, now),
    accounts: new Map(
      askers.map((asker) => {
        const { accountId } = asker;
        const pauses = snoozes.filter((pause) => pause.accountId === null || pause.accountId === accountId);
        return [
          accountId,
          {
            ...asker,
            begun: of(begun, accountId),
            setFacts: of(setFacts, accountId),
            brakeVerdicts: of(verdicts, accountId),
            pauses: pauses.map((pause) => ({ ...pause, until: pause.until.getTime() })),
            rootId: roots.get(accountId) ?? accountId,
          },
        ];
      }),
    ),
  };
}

function longestCapMs(asking: readonly CompiledPlaybook[], house: HouseGuards): number {
  return Math.max(houseCap(house)?.perMs ?? 0, ...asking.map(({ guards }) => guards.maxPerAccount?.perMs ?? 0));
}

async function readStorms(
  db: Db | Tx,
  braked: readonly CompiledPlaybook[],
  house: HouseGuards,
  asked: readonly AskedRun[],
  audiences: Audiences,
  now: Date,
): Promise<ReadonlyMap<string, Storm>> {
  const storms = new Map<string, Storm>();
  if (braked.length === 0) return storms;
  const pulled = await readPulledBrakes(db);
  for (const playbook of braked) {
    const { id } = playbook;
    const { perMs, atLeast } = brakeOf(playbook, house) ?? { perMs: 0, atLeast: 0 };
    const begun = await countBegun(db, id, new Date(now.getTime() - perMs));
    const wanted = asked.filter(({ question }) => question.playbook.id === id).length;
    storms.set(id, {
      begun,
      // So few are never a storm, whatever the share.
      audience: begun + wanted <= atLeast ? 0 : await audienceOf(db, id, audiences),
      brake: pulled.find(({ playbookId }) => playbookId === id) ?? null,
    });
  }
  return storms;
}

async function audienceOf(db: Db | Tx, playbookId: string, { counted, joined }: Audiences): Promise<number> {
  const known = counted.get(playbookId);
  if (known !== undefined) return known;
  const audience = (await countAudience(db, playbookId)) + (joined.get(playbookId) ?? 0);
  counted.set(playbookId, audience);
  return audience;
}
