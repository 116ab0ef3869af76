import type { Facts } from "../scoring/facts.ts";
import type { CompanyFacts, Driver } from "../scoring/history.ts";
import type { CustomerLinks } from "./customer-links.ts";
import type { PauseOf } from "./mail/customer-mail.ts";
import type { OnDuty, Owner } from "./owners.ts";
import type { AskedPeople } from "./survey/asked-people.ts";

/** The account a run is about, as it is when a step is made. */
export interface Subject {
  /** Account fields, score, band and the metrics the playbook names. */
  readonly facts: Facts;
  /** The owner, or who stands in; null when there is nobody. */
  readonly owner: Owner | null;
  /** The owner's zone, else the company's. */
  readonly ownerZone: string;
  /** The account's owner, where they are away and `owner` stands in. */
  readonly standsInFor: OnDuty["standsInFor"];
  /** Who acts today for any of the owners. */
  readonly onDuty: (ownerId: string) => OnDuty;
  readonly calendarOf: CompanyFacts["calendarOf"];
  /** The primary contact with an address; null when there is none. */
  readonly contact: { readonly name: string | null; readonly email: string } | null;
  readonly drivers: readonly Driver[];
  /** The account's zone, else the company's: task dates are days in it. */
  readonly zone: string;
  /** For mail to the customer; null where nobody knows the address of this server. */
  readonly links: CustomerLinks | null;
  /** Whether somebody there was mailed enough. */
  readonly pauseOf: PauseOf;
  /** Who of them was asked a survey, and when. */
  readonly surveys: AskedPeople;
}

/** Points of the score that a driver costs. */
export function lossOf(driver: Driver): number {
  return driver.weight * 100 - driver.contribution;
}

/** The drivers, the costliest first. */
export function worstDrivers(drivers: readonly Driver[]): readonly Driver[] {
  return drivers.toSorted((a, b) => lossOf(b) - lossOf(a));
}
