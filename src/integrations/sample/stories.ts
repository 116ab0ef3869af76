import { type Course, course } from "./course.ts";

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

const steady = course([0], [1]);
const content = course([0], [0.78]);

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
    usage: course([-50, -38, -14, 10, 60], [1, 0.6, 0.1, 0.07, 0.3]),
    satisfaction: course([-60, -40, -5], [0.8, 0.4, 0.2]),
  },
  {
    story: "champion leaves",
    name: "Lanternfell Academy",
    industry: "Education",
    country: "US",
    segment: "mid",
    seats: 95,
    championLeaves: -24,
    usage: course([-23, -14, -2, 20, 70], [1, 0.45, 0.2, 0.1, 0.1]),
    satisfaction: course([-30, -5], [0.75, 0.5]),
  },
  {
    story: "quiet decline",
    name: "Ebbworth Logistics",
    industry: "Logistics",
    country: "GB",
    segment: "enterprise",
    seats: 240,
    usage: course([-95, -60, -30, -1, 25], [1, 0.72, 0.36, 0.08, 0.03]),
    satisfaction: course([-120, -10], [0.75, 0.3]),
  },
  {
    story: "quiet decline",
    name: "Duskmere Studios",
    industry: "Media",
    country: "US",
    segment: "mid",
    seats: 130,
    usage: course([-90, -45, -1, 40], [1, 0.6, 0.22, 0.05]),
    satisfaction: course([-100, -10], [0.7, 0.45]),
  },
  {
    story: "quiet decline",
    name: "Slackwater Tooling",
    industry: "Manufacturing",
    country: "AU",
    segment: "mid",
    seats: 70,
    usage: course([-85, -1, 45], [1, 0.27, 0.08]),
    satisfaction: course([-90, -5], [0.7, 0.5]),
  },
  {
    story: "just stops",
    name: "Haltwick Foods",
    industry: "Food",
    country: "FR",
    segment: "mid",
    seats: 110,
    usage: course([-19, -18, 90], [1, 0, 0]),
    satisfaction: content,
  },
  {
    story: "just stops",
    name: "Stillbrook Energy",
    industry: "Energy",
    country: "US",
    segment: "smb",
    seats: 28,
    usage: course([-34, -33, 90], [0.95, 0, 0]),
    satisfaction: course([0], [0.6]),
  },
  {
    story: "ticket storm",
    name: "Squallford Insurance",
    industry: "Finance",
    country: "GB",
    segment: "enterprise",
    seats: 410,
    storm: { from: -13, to: -1, perDay: 1.6, calm: 6 },
    usage: course([-14, -1, 12], [1, 0.72, 0.9]),
    satisfaction: course([-15, -13, 5, 30], [0.7, 0.12, 0.15, 0.6]),
  },
  {
    story: "ticket storm",
    name: "Thunderden Clinics",
    industry: "Health",
    country: "US",
    segment: "mid",
    seats: 85,
    storm: { from: -9, to: 1, perDay: 1.5, calm: 7 },
    usage: course([-10, -1, 14], [1, 0.8, 1]),
    satisfaction: course([-11, -9, 6, 30], [0.75, 0.15, 0.2, 0.65]),
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
    usage: course([-150, -110, -62, -45, -20, -1], [1, 0.25, 0.08, 0.25, 0.95, 1.1]),
    satisfaction: course([-140, -80, -40, -25], [0.7, 0.15, 0.4, 0.95]),
  },
  {
    story: "recovery",
    name: "Springlock Solar",
    industry: "Energy",
    country: "AU",
    segment: "smb",
    seats: 34,
    usage: course([-130, -100, -55, -38, -16, 20], [0.9, 0.2, 0.07, 0.3, 1, 1.1]),
    satisfaction: course([-120, -70, -25], [0.65, 0.2, 0.85]),
  },
  {
    story: "stuck in onboarding",
    name: "Threshwick Schools",
    industry: "Education",
    country: "GB",
    segment: "mid",
    seats: 60,
    ageDays: 43,
    usage: course([-43, 25, 60], [0.05, 0.05, 0.8]),
    satisfaction: course([0], [0.4]),
  },
  {
    story: "stuck in onboarding",
    name: "Slowgate Freight",
    industry: "Logistics",
    country: "JP",
    segment: "smb",
    seats: 22,
    ageDays: 39,
    usage: course([-39, 30, 70], [0.07, 0.07, 0.6]),
    satisfaction: course([0], [0.45]),
  },
  ...["Idlecroft Capital", "Dustleigh Outfitters", "Shelfworth Stores"].map(
    (name): StoryPlan => ({
      story: "never adopted",
      name,
      industry: name.endsWith("Capital") ? "Finance" : "Retail",
      country: "US",
      segment: "smb",
      seats: 30,
      usage: course([0], [0.045]),
      satisfaction: course([0], [0.12]),
    }),
  ),
];

/** Which account tells which story. @internal */
export const sampleStories: readonly { readonly accountKey: string; readonly story: SampleStory }[] = storyPlans.map(
  (plan) => ({ accountKey: keyOf(plan.name), story: plan.story }),
);

/** The key of the account of this name. */
export function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
