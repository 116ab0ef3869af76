import type { DayNumber } from "../../scoring/history.ts";
import { accountAsOf } from "../../scoring/record-state.ts";
import type { ReplayedAccount } from "../../scoring/replay/account-days.ts";
import { customerLife, isCustomerOn } from "../../scoring/retention/customer-life.ts";
import type { AccountWalk, WalkedFire } from "./account-walk.ts";
import type { Judges } from "./judges.ts";

/** A run of a version of the playbook that is tried, and what became of the account, as known today. */
export interface JudgedFire extends WalkedFire {
  /** Null: nobody knows its contracts. */
  readonly isCustomer: boolean | null;
  /** The day on which the account churned after it; null: it has not, as far as is known. */
  readonly churnedOn: DayNumber | null;
  /** The playbooks in force that would have fired for the account within a week of it. */
  readonly near: readonly string[];
}

/** An account with a run or a churn. */
export interface WalkedAccount {
  readonly key: string;
  readonly name: string;
  /** The last day of which its contracts are known; null: none is. */
  readonly knownThrough: DayNumber | null;
  readonly churns: readonly DayNumber[];
  readonly fires: readonly JudgedFire[];
}

/** What came of a walk over accounts. Plain data: it crosses threads, and walks over other accounts can be added. */
export interface Walked {
  readonly accounts: number;
  readonly accountDays: number;
  /** Accounts whose stored scores sufficed. */
  readonly fromStored: number;
  readonly owners: readonly string[];
  /** The last day of which contracts are known of any account; null: of none. */
  readonly knownThrough: DayNumber | null;
  /** By version, and by day from the first on: accounts in the audience. */
  readonly audience: readonly (readonly number[])[];
  /** By version: accounts that were taken silently as they were found at first. */
  readonly baseline: readonly number[];
  readonly notable: readonly WalkedAccount[];
}

const nearDays = 7;

/** Adds up accounts as they come to their ends. */
export class WalkTally {
  readonly fromDay: DayNumber;
  readonly #judges: Judges;
  readonly #now: number;
  readonly #owners = new Set<string>();
  readonly #audience: number[][];
  readonly #baseline: number[];
  readonly #begun = new WeakSet<AccountWalk>();
  readonly #notable: WalkedAccount[] = [];
  #accounts = 0;
  #accountDays = 0;
  #fromStored = 0;
  #knownThrough: DayNumber | null = null;

  constructor(
    judges: Judges,
    { fromDay, toDay, now }: { readonly fromDay: DayNumber; readonly toDay: DayNumber; readonly now: number },
  ) {
    this.fromDay = fromDay;
    this.#judges = judges;
    this.#now = now;
    this.#audience = versionsOf(judges).map(() => Array.from({ length: toDay - fromDay + 1 }, () => 0));
    this.#baseline = versionsOf(judges).map(() => 0);
  }

  /** A day that was judged just now. */
  countDay(walk: AccountWalk, day: DayNumber): void {
    this.#accountDays += 1;
    const isFirst = !this.#begun.has(walk);
    this.#begun.add(walk);
    for (const [version, days] of this.#audience.entries()) {
      if (walk.isInAudience(version)) days[day - this.fromDay] = (days[day - this.fromDay] ?? 0) + 1;
      if (isFirst && walk.isBaseline(version)) this.#baseline[version] = (this.#baseline[version] ?? 0) + 1;
    }
  }

  /** An account that has gone through all its days. */
  end(walk: AccountWalk, { history }: ReplayedAccount, isStored: boolean): void {
    if (!this.#begun.has(walk)) return;
    this.#accounts += 1;
    if (isStored) this.#fromStored += 1;
    for (const owner of walk.owners) this.#owners.add(owner);
    const { configuration, coverage, candidates, playbooks } = this.#judges;
    const life = customerLife(history, coverage, configuration.scorer.company, this.#now);
    const knownThrough = life?.knownThrough ?? null;
    if (knownThrough !== null) this.#knownThrough = Math.max(this.#knownThrough ?? knownThrough, knownThrough);
    const churns = (life?.stretches ?? []).flatMap(({ until }) => until ?? []);
    const others = walk.fires.filter(({ playbook }) => playbook >= candidates);
    const fires = walk.fires
      .filter(({ playbook }) => playbook < candidates)
      .map((fire) => ({
        ...fire,
        isCustomer: life === null ? null : isCustomerOn(life, fire.day),
        churnedOn: churns.find((day) => day > fire.day) ?? null,
        near: [
          ...new Set(others.filter((other) => isNear(other, fire)).map((other) => playbooks[other.playbook]?.id ?? "")),
        ],
      }));
    if (fires.length === 0 && churns.length === 0) return;
    const name = accountAsOf(history, this.#now).name ?? history.key;
    this.#notable.push({ key: history.key, name, knownThrough, churns, fires });
  }

  walked(): Walked {
    return {
      accounts: this.#accounts,
      accountDays: this.#accountDays,
      fromStored: this.#fromStored,
      owners: [...this.#owners],
      knownThrough: this.#knownThrough,
      audience: this.#audience,
      baseline: this.#baseline,
      notable: this.#notable,
    };
  }
}

/** Two walks over different accounts as one. */
export function addWalked(one: Walked, other: Walked): Walked {
  const known = [one.knownThrough, other.knownThrough].filter((day) => day !== null);
  return {
    accounts: one.accounts + other.accounts,
    accountDays: one.accountDays + other.accountDays,
    fromStored: one.fromStored + other.fromStored,
    owners: [...new Set([...one.owners, ...other.owners])],
    knownThrough: known.length === 0 ? null : Math.max(...known),
    audience: one.audience.map((days, version) => sums(days, other.audience[version])),
    baseline: sums(one.baseline, other.baseline),
    notable: [...one.notable, ...other.notable],
  };
}

function sums(one: readonly number[], other: readonly number[] = []): readonly number[] {
  return one.map((count, index) => count + (other[index] ?? 0));
}

function versionsOf({ playbooks, candidates }: Judges) {
  return playbooks.slice(0, candidates);
}

function isNear(other: WalkedFire, fire: WalkedFire): boolean {
  return Math.abs(other.day - fire.day) <= nearDays;
}
