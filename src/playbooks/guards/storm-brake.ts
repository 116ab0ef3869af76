import { milliseconds } from "../compile/compilation.ts";
import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import type { HouseGuards } from "../guards-document.ts";
import type { CompiledBrake, CompiledPlaybook } from "../playbook.ts";
import { moment, span } from "../time-words.ts";
import type { AskingAccount, BrakeVerdict, PulledBrake, Storm } from "./knowledge.ts";

/** The brake of a playbook: its own, else that of guards.json; null: it has none. */
export function brakeOf({ guards }: CompiledPlaybook, house: HouseGuards): CompiledBrake | null {
  const { stormBrake } = guards;
  if (stormBrake === false) return null;
  if (stormBrake !== null) return stormBrake;
  return house.stormBrake === undefined ? null : { ...house.stormBrake, perMs: milliseconds(house.stormBrake.per) };
}

/** Whether so many more runs are a storm; then the brake that is to be pulled. */
export function stormOf(brake: CompiledBrake, { begun, audience }: Storm, wanted: number): PulledBrake | null {
  const most = Math.max(brake.atLeast, brake.share * audience);
  return begun + wanted <= most ? null : { begun, wanted, audience };
}

/** What was decided of the episode, if anybody has decided; else it waits while the brake is pulled. */
export function brakeVerdict(
  question: GuardQuestion,
  { brakeVerdicts, zone }: AskingAccount,
  brake: CompiledBrake | null,
  pulled: PulledBrake | null,
): GuardVerdict {
  const decided = decisionOf(question, brakeVerdicts);
  if (decided?.decision === "drop") {
    const words = `dropped by ${decided.by} on ${moment(decided.at, zone)}, when a storm brake had been pulled`;
    return { kind: "drop", guard: "storm-brake", words };
  }
  if (decided !== null || brake === null || pulled === null) return { kind: "go" };
  return { kind: "defer", guard: "storm-brake", until: null, words: stormWords(brake, pulled) };
}

/** Whether somebody has let it begin: it counts for no other storm. */
export function isReleased(question: GuardQuestion, { brakeVerdicts }: AskingAccount): boolean {
  return decisionOf(question, brakeVerdicts)?.decision === "go";
}

/** `storm brake: 12 of 200 accounts within 1 hour, more than 5 %`. */
export function stormWords({ share, perMs, atLeast }: CompiledBrake, { begun, wanted, audience }: PulledBrake): string {
  const isShare = share * audience >= atLeast;
  const most = isShare ? `${Number((share * 100).toFixed(2))} %` : String(atLeast);
  return `storm brake: ${begun + wanted} of ${audience} accounts within ${span(perMs)}, more than ${most}`;
}

function decisionOf({ playbook, episode }: GuardQuestion, verdicts: readonly BrakeVerdict[]): BrakeVerdict | null {
  return verdicts.find((one) => one.playbookId === playbook.id && one.episode === episode) ?? null;
}
