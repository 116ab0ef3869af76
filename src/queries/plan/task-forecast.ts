import { turnKey } from "../../playbooks/assignment.ts";
import type { Configuration } from "../../playbooks/configuration.ts";
import { type DryLook, dryRun, dryWalk } from "../../playbooks/dry-run.ts";
import { noPause } from "../../playbooks/mail/customer-mail.ts";
import { resolveOwner } from "../../playbooks/owners.ts";
import type { RunPosition, Scene } from "../../playbooks/plan/occasion.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { askedPeople } from "../../playbooks/survey/asked-people.ts";
import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import type { Instant } from "../../scoring/history.ts";
import type { SideFacts } from "./side-facts.ts";

const weekMs = 7 * 86_400_000;

/** True of a playbook whose runs may give somebody something to do. */
export function givesTasks(playbook: CompiledPlaybook): boolean {
  return playbook.steps.some(({ kind }) => kind === "task");
}

/** Counts who is given how many tasks within a week under one side's documents, if nothing changed of the accounts. */
export class TaskForecast {
  readonly #configuration: Configuration;
  readonly #now: Instant;
  readonly #tasks = new Map<string, number>();
  readonly #turns = new Map<string, number>();

  constructor(configuration: Configuration, now: Instant) {
    this.#configuration = configuration;
    this.#now = now;
  }

  /** By the id of whoever gets them. */
  get tasks(): ReadonlyMap<string, number> {
    return this.#tasks;
  }

  /** A run that begins at a moment. */
  begin(playbook: CompiledPlaybook, known: SideFacts, from: Instant): void {
    if (!givesTasks(playbook)) return;
    const start = { episode: 1, reason: "", until: this.#until() };
    this.#count(playbook, dryRun(playbook, start, this.#sceneOf(known), from));
  }

  /** A run under way, looked at next at a moment; one whose step is gone makes nothing. */
  goOn(playbook: CompiledPlaybook, run: RunPosition, known: SideFacts, from: Instant): void {
    if (!givesTasks(playbook)) return;
    this.#count(playbook, dryWalk(playbook, run, this.#sceneOf(known), { from, until: this.#until() }));
  }

  #until(): Instant {
    return this.#now + weekMs;
  }

  #count(playbook: CompiledPlaybook, looks: readonly DryLook[]): void {
    for (const { message, stepId, turns } of looks.flatMap(({ actions }) => actions)) {
      if (message.kind !== "task") continue;
      this.#tasks.set(message.assignee, (this.#tasks.get(message.assignee) ?? 0) + 1);
      if (turns !== undefined) this.#turns.set(turnKey(playbook.id, stepId), turns);
    }
  }

  /** Without a contact and drivers: mail is nobody's task, and a title without them is a task all the same. */
  #sceneOf({ facts, missingReason, zone, ownerId }: SideFacts): Scene {
    const { owners, guards, playbooks, scorer } = this.#configuration;
    const today = formatDay(dayOfInstant(zone, this.#now));
    const onDuty = (id: string | null) => resolveOwner(owners, id, today);
    const duty = onDuty(ownerId);
    return {
      subject: {
        facts,
        ...duty,
        ownerZone: duty.owner?.zone ?? scorer.company.zone,
        onDuty,
        calendarOf: scorer.company.calendarOf,
        contact: null,
        drivers: [],
        zone,
        links: null,
        pauseOf: noPause,
        surveys: askedPeople(new Map(), 0, this.#now),
      },
      missingReason,
      house: {
        maxDepth: guards.maxDepth,
        isEnabled: (id) => playbooks.find((one) => one.id === id)?.enabled ?? null,
      },
      workload: { openTasks: this.#tasks, turns: this.#turns },
    };
  }
}
