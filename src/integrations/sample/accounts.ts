import { addMonths, type Day } from "./calendar.ts";
import type { Course } from "./course.ts";
import { beginnings, endings, trades } from "./names.ts";
import { sampleOwners } from "./owners.ts";
import { openRandom, type Random } from "./random.ts";
import { keyOf, type StoryPlan, storyPlans } from "./stories.ts";

type SampleSegment = "smb" | "mid" | "enterprise";

/** All that is fixed about one invented account; what happens on a day is drawn from it. */
export interface SampleAccount {
  readonly index: number;
  readonly key: string;
  readonly name: string;
  readonly industry: string;
  readonly country: string;
  readonly zone: string;
  /** The UTC hour at which its office opens. */
  readonly opensAt: number;
  readonly currency: "EUR" | "GBP" | "USD";
  readonly segment: SampleSegment;
  readonly owner: string | null;
  /** The owner before the last handover, if there was one. */
  readonly handover: { readonly from: string; readonly day: Day } | null;
  readonly beganOn: Day;
  readonly interval: "month" | "year";
  /** Seats of the first contract. */
  readonly seats: number;
  /** For one seat and month. */
  readonly priceMinor: number;
  /** Share of the seats that are active on a usual working day. */
  readonly adoption: number;
  /** Change of the adoption over a year. */
  readonly growth: number;
  /** Slow ups and downs, so that no account is a straight line. */
  readonly wave: { readonly height: number; readonly days: number; readonly phase: number };
  /** 0 to 1, by day relative to the first day of the sample. */
  readonly satisfaction: Course;
  readonly ticketsPerDay: number;
  /** Days from the due day to the payment, on average; negative is early. */
  readonly paysAfter: number;
  readonly story: StoryPlan | null;
}

const accountCount = 200;
const profilePurpose = 1;

const countries: Readonly<Record<string, Place>> = {
  US: {
    region: "US",
    zones: ["America/New_York", "America/Chicago", "America/Los_Angeles"],
    opensAt: 14,
    currency: "USD",
  },
  GB: { region: "EU", zones: ["Europe/London"], opensAt: 8, currency: "GBP" },
  DE: { region: "EU", zones: ["Europe/Berlin"], opensAt: 7, currency: "EUR" },
  FR: { region: "EU", zones: ["Europe/Paris"], opensAt: 7, currency: "EUR" },
  ES: { region: "EU", zones: ["Europe/Madrid"], opensAt: 7, currency: "EUR" },
  SG: { region: "APAC", zones: ["Asia/Singapore"], opensAt: 1, currency: "USD" },
  AU: { region: "APAC", zones: ["Australia/Sydney"], opensAt: 0, currency: "USD" },
  JP: { region: "APAC", zones: ["Asia/Tokyo"], opensAt: 0, currency: "USD" },
};

interface Place {
  readonly region: string;
  readonly zones: readonly string[];
  readonly opensAt: number;
  readonly currency: "EUR" | "GBP" | "USD";
}

/** How ordinary customers differ; `share` says how many are of the kind. */
const usual: Temperament = {
  share: 0.39,
  adoption: [0.4, 0.6],
  growth: [-0.02, 0.22],
  content: [0.64, 0.84],
  tickets: 1,
  paysAfter: -2,
};
const unconvinced: Temperament = {
  share: 0.06,
  adoption: [0.02, 0.07],
  growth: [-0.4, -0.15],
  content: [0.08, 0.3],
  tickets: 1.9,
  paysAfter: 8,
};
const temperaments: readonly Temperament[] = [
  { share: 0.35, adoption: [0.58, 0.82], growth: [0.08, 0.4], content: [0.78, 0.95], tickets: 0.7, paysAfter: -6 },
  usual,
  { share: 0.2, adoption: [0.17, 0.3], growth: [-0.25, 0.02], content: [0.35, 0.58], tickets: 1.6, paysAfter: 4 },
  unconvinced,
];

interface Temperament {
  readonly share: number;
  readonly adoption: readonly [number, number];
  readonly growth: readonly [number, number];
  readonly content: readonly [number, number];
  readonly tickets: number;
  readonly paysAfter: number;
}

/** The same accounts for the same seed and first day, the stories first. */
export function inventAccounts(seed: number, firstDay: Day): readonly SampleAccount[] {
  const names = inventNames(seed);
  return Array.from({ length: accountCount }, (_, index) => {
    const random = openRandom(seed, profilePurpose, index);
    const plan = storyPlans[index];
    if (plan !== undefined) return storyAccount(index, plan, random, firstDay);
    const trade = random.pick(trades);
    const name = `${names[index]} ${random.pick(trade.words)}`;
    return ordinaryAccount({ index, name, industry: trade.industry, random, firstDay });
  });
}

/** Each first half with each second half once, in an order of the seed. */
function inventNames(seed: number): readonly string[] {
  const random = openRandom(seed, profilePurpose, -1);
  const names = beginnings.flatMap((beginning) =>
    endings.map((ending) => ({ name: beginning + ending, order: random.unit() })),
  );
  return names.sort((a, b) => a.order - b.order).map((entry) => entry.name);
}

interface Ordinary {
  readonly index: number;
  readonly name: string;
  readonly industry: string;
  readonly random: Random;
  readonly firstDay: Day;
}

function ordinaryAccount({ index, name, industry, random, firstDay }: Ordinary): SampleAccount {
  const temperament = drawTemperament(random);
  const country = random.pick(["US", "US", "US", "US", "GB", "GB", "DE", "DE", "DE", "FR", "ES", "SG", "AU", "JP"]);
  // Those who hardly use the product never grew: they are small.
  const segment = temperament === unconvinced ? "smb" : drawSegment(random);
  const content = random.between(...temperament.content);
  // A quarter of the customers came within the last year.
  const ageDays = random.chance(0.25) ? random.whole(40, 365) : random.whole(366, 1700);
  return {
    ...identityOf(index, name, industry),
    ...placeOf(country, random, firstDay),
    ...habitsOf(temperament, random),
    ...contractOf(segment, random),
    segment,
    beganOn: firstDay - ageDays,
    satisfaction: [[0, content]],
    story: null,
  };
}

function storyAccount(index: number, plan: StoryPlan, random: Random, firstDay: Day): SampleAccount {
  const beganOn = storyBegan(plan, random, firstDay);
  return {
    ...identityOf(index, plan.name, plan.industry),
    ...placeOf(plan.country, random, firstDay),
    ...habitsOf(usual, random),
    ...contractOf(plan.segment, random),
    handover: null,
    // A plain line below the story: nothing else should explain it.
    adoption: 0.62,
    growth: 0.05,
    segment: plan.segment,
    seats: plan.seats,
    interval: plan.segment === "smb" && plan.unpaid === undefined ? "month" : "year",
    beganOn,
    paysAfter: -4,
    satisfaction: plan.satisfaction,
    story: plan,
  };
}

function storyBegan(plan: StoryPlan, random: Random, firstDay: Day): Day {
  // Yearly invoices are due 30 days after the year began.
  if (plan.unpaid !== undefined) return addMonths(firstDay + plan.unpaid.due - 30, -24);
  if (plan.ageDays !== undefined) return firstDay - plan.ageDays;
  return firstDay - 365 - random.whole(150, 230);
}

function identityOf(index: number, name: string, industry: string) {
  return { index, key: keyOf(name), name, industry };
}

function placeOf(country: string, random: Random, firstDay: Day) {
  const place = countries[country];
  if (place === undefined) throw new Error(`the sample knows no country ${country}`);
  const owners = sampleOwners.filter((owner) => owner.region === place.region).map((owner) => owner.key);
  const owner = random.pick(owners);
  const from = random.pick(sampleOwners).key;
  const handed = random.chance(0.1) && from !== owner;
  return {
    country,
    zone: random.pick(place.zones),
    opensAt: place.opensAt,
    currency: place.currency,
    owner: random.chance(0.03) ? null : owner,
    handover: handed ? { from, day: firstDay - random.whole(20, 300) } : null,
  };
}

function habitsOf(temperament: Temperament, random: Random) {
  return {
    adoption: random.between(...temperament.adoption),
    growth: random.between(...temperament.growth),
    wave: { height: random.between(0.02, 0.08), days: random.between(120, 300), phase: random.between(0, 6.28) },
    ticketsPerDay: temperament.tickets * random.between(0.7, 1.3),
    paysAfter: temperament.paysAfter,
  };
}

/** Seats and prices in the ranges of a B2B product. */
function contractOf(segment: SampleSegment, random: Random) {
  const [low, high, price, yearly] = contractRanges[segment];
  return {
    seats: random.whole(low, high),
    priceMinor: Math.round(price * random.between(0.85, 1.15)) * 100,
    interval: random.chance(yearly) ? ("year" as const) : ("month" as const),
  };
}

const contractRanges = {
  smb: [6, 40, 27, 0.25],
  mid: [45, 180, 30, 0.75],
  enterprise: [200, 850, 26, 1],
} as const;

function drawSegment(random: Random): SampleSegment {
  const draw = random.unit();
  if (draw < 0.55) return "smb";
  return draw < 0.87 ? "mid" : "enterprise";
}

function drawTemperament(random: Random): Temperament {
  let left = random.unit();
  for (const temperament of temperaments) {
    left -= temperament.share;
    if (left < 0) return temperament;
  }
  return usual;
}
