import { z } from "zod";
import type { Configuration } from "../../playbooks/configuration.ts";
import type { Db } from "../../store/db.ts";
import { type PulledBrakeRow, readPulledBrakes } from "../../store/guards/brakes.ts";
import { readPlaybookSnoozes } from "../../store/guards/snoozes.ts";
import { countStates } from "../../store/guards/state-counts.ts";

const momentSchema = z.iso.datetime();

/** A playbook in force, and where it stands, as both doors tell it. */
const playbookOverviewSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  priority: z.string(),
  revision: z.int(),
  /** Accounts, by the state they are in. */
  states: z.strictObject({ inactive: z.int(), pending: z.int(), firing: z.int(), recovering: z.int() }),
  /** Of those pending the accounts that a guard keeps waiting, by its name. */
  waiting: z.record(z.string(), z.int()),
  /** Null: not pulled. */
  brake: z.strictObject({ pulledAt: momentSchema, begun: z.int(), audience: z.int() }).nullable(),
  /** `account` is null where it is asleep for all accounts. */
  snoozes: z.array(
    z.strictObject({ account: z.string().nullable(), until: momentSchema, author: z.string(), reason: z.string() }),
  ),
});
export type PlaybookOverview = z.infer<typeof playbookOverviewSchema>;

export const playbooksSchema = z.strictObject({ playbooks: z.array(playbookOverviewSchema) });
export type PlaybooksOverview = z.infer<typeof playbooksSchema>;

/** The playbooks in force, in order of id, with the accounts in each state, pulled brakes and pauses. */
export async function readPlaybooks(
  db: Db,
  { playbooks }: Pick<Configuration, "playbooks">,
  now: Date,
): Promise<PlaybooksOverview> {
  const counts = await countStates(db);
  const brakes = await readPulledBrakes(db);
  const snoozes = await readPlaybookSnoozes(db, now);
  const overviews = playbooks.map(({ id, name, enabled, priority, revision }): PlaybookOverview => {
    const states = { inactive: 0, pending: 0, firing: 0, recovering: 0 };
    const waiting: Record<string, number> = {};
    for (const { state, guard, accounts } of counts.filter(({ playbookId }) => playbookId === id)) {
      states[state] += accounts;
      if (guard !== null && state === "pending") waiting[guard] = accounts;
    }
    const brake = brakes.find(({ playbookId }) => playbookId === id);
    return {
      ...{ id, name, enabled, priority, revision, states, waiting },
      brake: brake === undefined ? null : brakeJson(brake),
      snoozes: snoozes
        .filter(({ playbookId }) => playbookId === id)
        .map(({ account, until, author, reason }) => ({ account, until: until.toISOString(), author, reason })),
    };
  });
  return { playbooks: overviews };
}

function brakeJson({ pulledAt, begun, audience }: PulledBrakeRow): PlaybookOverview["brake"] {
  return { pulledAt: pulledAt.toISOString(), begun, audience };
}
