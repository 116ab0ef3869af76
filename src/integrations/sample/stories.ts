/** What happens to the accounts a newcomer should recognise. */
export type SampleStory =
  | "champion leaves"
  | "quiet decline"
  | "just stops"
  | "ticket storm"
  | "overdue invoice"
  | "recovery"
  | "stuck in onboarding"
  | "never adopted";

/** Points of (days after the sample's first day, value), joined by straight lines and level beyond both ends. */
export type Course = readonly (readonly [day: number, value: number])[];

/** One account's story. All days are relative to the day the sample was first made; -1 is the last day a first start shows. */
export interface StoryPlan {
  readonly story: SampleStory;
  readonly name: string;
  readonly industry: string;
  readonly country: string;
  readonly segment: "smb" | "mid" | "enterprise";
  readonly seats: number;
  /** Days from the beginning of the contract to the sample's first day; left out for a customer of some years. */
  readonly ageDays?: number;
  /** Usage against the account's usual level of 1. */
  readonly usage: Course;
  /** 0 (angry) to 1 (delighted). */
  readonly satisfaction: Course;
  /** Urgent tickets on each working day from `from` to `to`; what is still open is solved from `calm` on. */
  readonly storm?: { readonly from: number; readonly to: number; readonly perDay: number; readonly calm: number };
  readonly championLeaves?: number;
  /** The invoice that is due on day `due` is paid only on day `paid`. */
  readonly unpaid?: { readonly due: number; readonly paid: number };
}

const steady: Course = [[0, 1]];
const content: Course = [[0, 0.78]];

/** The stories of a first start, and how they go on after it. */
export const storyPlans: readonly StoryPlan[] = [
  {
    story: "champion leaves",
    name: "Keyholm Retail",
    industry: "Retail",
    country: "DE",
    segment: "enterprise",
    seats: 320,
    championLeaves: -52,
    usage: [
      [-50, 1],
      [-38, 0.62],
      [-14, 0.2],
      [10, 0.12],
      [60, 0.3],
    ],
    satisfaction: [
      [-60, 0.8],
      [-40, 0.45],
      [-5, 0.25],
    ],
  },
  {
    story: "champion leaves",
    name: "Lanternfell Academy",
    industry: "Education",
    country: "US",
    segment: "mid",
    seats: 95,
    championLeaves: -24,
    usage: [
      [-23, 1],
      [-15, 0.6],
      [-2, 0.3],
      [20, 0.15],
      [70, 0.1],
    ],
    satisfaction: [
      [-30, 0.75],
      [-5, 0.5],
    ],
  },
  {
    story: "quiet decline",
    name: "Ebbworth Logistics",
    industry: "Logistics",
    country: "GB",
    segment: "enterprise",
    seats: 240,
    usage: [
      [-95, 1],
      [-60, 0.72],
      [-30, 0.4],
      [-1, 0.12],
      [25, 0.04],
    ],
    satisfaction: [
      [-120, 0.75],
      [-10, 0.4],
    ],
  },
  {
    story: "quiet decline",
    name: "Duskmere Studios",
    industry: "Media",
    country: "US",
    segment: "mid",
    seats: 130,
    usage: [
      [-90, 1],
      [-45, 0.6],
      [-1, 0.22],
      [40, 0.05],
    ],
    satisfaction: [
      [-100, 0.7],
      [-10, 0.45],
    ],
  },
  {
    story: "quiet decline",
    name: "Slackwater Tooling",
    industry: "Manufacturing",
    country: "AU",
    segment: "mid",
    seats: 70,
    usage: [
      [-85, 1],
      [-1, 0.32],
      [45, 0.1],
    ],
    satisfaction: [
      [-90, 0.7],
      [-5, 0.5],
    ],
  },
  {
    story: "just stops",
    name: "Haltwick Foods",
    industry: "Food",
    country: "FR",
    segment: "mid",
    seats: 110,
    usage: [
      [-19, 1],
      [-18, 0],
      [90, 0],
    ],
    satisfaction: content,
  },
  {
    story: "just stops",
    name: "Stillbrook Energy",
    industry: "Energy",
    country: "US",
    segment: "smb",
    seats: 28,
    usage: [
      [-34, 0.95],
      [-33, 0],
      [90, 0],
    ],
    satisfaction: [[0, 0.6]],
  },
  {
    story: "ticket storm",
    name: "Squallford Insurance",
    industry: "Finance",
    country: "GB",
    segment: "enterprise",
    seats: 410,
    storm: { from: -13, to: -1, perDay: 1.6, calm: 6 },
    usage: [
      [-14, 1],
      [-1, 0.72],
      [12, 0.9],
    ],
    satisfaction: [
      [-15, 0.7],
      [-13, 0.12],
      [5, 0.15],
      [30, 0.6],
    ],
  },
  {
    story: "ticket storm",
    name: "Thunderden Clinics",
    industry: "Health",
    country: "US",
    segment: "mid",
    seats: 85,
    storm: { from: -9, to: 1, perDay: 1.5, calm: 7 },
    usage: [
      [-10, 1],
      [-1, 0.8],
      [14, 1],
    ],
    satisfaction: [
      [-11, 0.75],
      [-9, 0.15],
      [6, 0.2],
      [30, 0.65],
    ],
  },
  {
    story: "overdue invoice",
    name: "Latchford Press",
    industry: "Media",
    country: "ES",
    segment: "mid",
    seats: 75,
    unpaid: { due: -38, paid: 12 },
    usage: steady,
    satisfaction: content,
  },
  {
    story: "overdue invoice",
    name: "Pennyrill Bakeries",
    industry: "Food",
    country: "SG",
    segment: "smb",
    seats: 24,
    unpaid: { due: -32, paid: 25 },
    usage: steady,
    satisfaction: content,
  },
  {
    story: "recovery",
    name: "Turnwell Care",
    industry: "Health",
    country: "DE",
    segment: "mid",
    seats: 120,
    usage: [
      [-150, 1],
      [-110, 0.25],
      [-62, 0.08],
      [-45, 0.25],
      [-20, 0.95],
      [-1, 1.1],
    ],
    satisfaction: [
      [-140, 0.7],
      [-80, 0.15],
      [-40, 0.4],
      [-25, 0.95],
    ],
  },
  {
    story: "recovery",
    name: "Springlock Solar",
    industry: "Energy",
    country: "AU",
    segment: "smb",
    seats: 34,
    usage: [
      [-130, 0.9],
      [-100, 0.2],
      [-55, 0.07],
      [-38, 0.3],
      [-12, 0.95],
      [20, 1.1],
    ],
    satisfaction: [
      [-120, 0.65],
      [-70, 0.2],
      [-25, 0.85],
    ],
  },
  {
    story: "stuck in onboarding",
    name: "Threshwick Schools",
    industry: "Education",
    country: "GB",
    segment: "mid",
    seats: 60,
    ageDays: 43,
    usage: [
      [-43, 0.05],
      [25, 0.05],
      [60, 0.8],
    ],
    satisfaction: [[0, 0.4]],
  },
  {
    story: "stuck in onboarding",
    name: "Slowgate Freight",
    industry: "Logistics",
    country: "JP",
    segment: "smb",
    seats: 22,
    ageDays: 39,
    usage: [
      [-39, 0.07],
      [30, 0.07],
      [70, 0.6],
    ],
    satisfaction: [[0, 0.45]],
  },
  ...["Idlecroft Capital", "Dustleigh Outfitters", "Shelfworth Stores"].map(
    (name): StoryPlan => ({
      story: "never adopted",
      name,
      industry: name.endsWith("Capital") ? "Finance" : "Retail",
      country: "US",
      segment: "smb",
      seats: 30,
      usage: [[0, 0.1]],
      satisfaction: [[0, 0.3]],
    }),
  ),
];

/** Which account tells which story. */
export const sampleStories: readonly { readonly accountKey: string; readonly story: SampleStory }[] = storyPlans.map(
  (plan) => ({ accountKey: keyOf(plan.name), story: plan.story }),
);

/** The key of the account of this name. */
export function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

/** The value of a course on a day. */
export function valueOn(course: Course, day: number): number {
  const [first] = course;
  if (first === undefined) throw new Error("a course has at least one point");
  let before = first;
  for (const point of course) {
    if (day < point[0]) return between(before, point, day);
    before = point;
  }
  return before[1];
}

function between(before: readonly [number, number], after: readonly [number, number], day: number): number {
  if (after[0] <= before[0]) return after[1];
  return before[1] + ((day - before[0]) / (after[0] - before[0])) * (after[1] - before[1]);
}
