import { describe, expect, test } from "vitest";
import { openSampleSource } from "../../src/integrations/sample/source.ts";
import { sampleStories } from "../../src/integrations/sample/stories.ts";
import type { Page } from "../../src/integrations/source-port.ts";
import { type Input, inputSchema } from "../../src/scoring/records.ts";
import { mapContext, pullContext } from "./pull-context.ts";

const now = new Date("2026-03-11T09:30:00Z");
const yesterday = "2026-03-10";
const seed = 20240601;

interface Delivery {
  readonly inputs: readonly Input[];
  readonly pages: readonly Page[];
  readonly cursor: unknown;
}

const firstPulls = new Map<string, Promise<Delivery>>();

/** The first start, made once for all tests: nothing changes what a source has delivered. */
function pullFirst(stream: string): Promise<Delivery> {
  const known = firstPulls.get(stream) ?? pullAll(stream, null, now);
  firstPulls.set(stream, known);
  return known;
}

async function pullAll(stream: string, cursor: unknown, at: Date, withSeed = seed): Promise<Delivery> {
  const source = openSampleSource({ seed: withSeed });
  const pages: Page[] = [];
  let last = cursor;
  for (;;) {
    const page = await source.pull(stream, last, pullContext(source, at));
    pages.push(page);
    // As the store keeps it.
    last = JSON.parse(JSON.stringify(page.cursor));
    if (page.done) return { inputs: pages.flatMap(inputsOf), pages, cursor: last };
  }
}

/** Mapped as the engine does it. */
function inputsOf(page: Page): readonly Input[] {
  const source = openSampleSource({ seed });
  return page.raw.flatMap((raw) => source.map("any", raw, mapContext(now)).inputs ?? []);
}

async function pullEveryStream(): Promise<Input[]> {
  const deliveries: Delivery[] = [];
  for (const stream of openSampleSource({ seed }).streams) deliveries.push(await pullFirst(stream.name));
  return deliveries.flatMap((delivery) => delivery.inputs);
}

function daysLater(days: number): Date {
  return new Date(now.getTime() + days * 86_400_000);
}

function sorted(inputs: readonly Input[]): string[] {
  return inputs.map((input) => JSON.stringify(input)).sort();
}

const dayOf = (input: Input) => (input.kind === "usage" ? input.day : input.at.slice(0, 10));

describe("the sample company", () => {
  test("has 200 accounts, and accounts come before what belongs to them", async () => {
    const source = openSampleSource({ seed });
    const { inputs } = await pullFirst("account");
    expect(source.streams[0]?.name).toBe("account");
    expect(new Set(inputs.map((input) => input.kind === "account" && input.id)).size).toBe(200);
  });

  test("delivers a year of daily usage up to yesterday in pages that are not too big", async () => {
    const { inputs, pages } = await pullFirst("usage");
    const days = inputs.map(dayOf).sort();
    expect([days[0], days.at(-1)]).toEqual(["2025-03-11", yesterday]);
    expect(inputs.length).toBeGreaterThan(150_000);
    expect(Math.max(...pages.map((page) => page.raw.length))).toBeLessThanOrEqual(20_000);
    expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
  });

  test("delivers only inputs the door accepts, about accounts it has delivered, none later than yesterday", async () => {
    const inputs = await pullEveryStream();
    const accounts = new Set(inputs.flatMap((input) => (input.kind === "account" ? [input.id] : [])));
    const refused = inputs.filter((input) => !inputSchema.safeParse(input).success);
    expect(refused.slice(0, 3)).toEqual([]);
    expect(inputs.filter((input) => dayOf(input) > yesterday)).toEqual([]);
    expect(inputs.filter((input) => input.kind !== "account" && !accounts.has(input.account ?? ""))).toEqual([]);
  });

  test("never changes one record twice in the same minute, nor tells a usage day twice", async () => {
    const inputs = await pullEveryStream();
    const keys = inputs.map((input) =>
      input.kind === "usage" ? `${input.account} ${input.name} ${input.day}` : `${input.kind} ${input.id} ${input.at}`,
    );
    expect(keys.length - new Set(keys).size).toBe(0);
  });

  test("states what is covered with the last page, and that the first year was known as it happened", async () => {
    const { pages } = await pullFirst("usage");
    expect(pages.map((page) => page.coveredThrough)).toEqual([...pages.slice(1).map(() => undefined), yesterday]);
    expect(pages.every((page) => page.backfilled === true)).toBe(true);
  });

  test("is the same company for the same seed and another one for another seed", async () => {
    const [one, same, other] = [
      await pullFirst("account"),
      await pullAll("account", null, now),
      await pullAll("account", null, now, 7),
    ];
    expect(one.inputs).toEqual(same.inputs);
    expect(sorted(other.inputs)).not.toEqual(sorted(one.inputs));
  });

  test.each(openSampleSource({ seed }).streams.map(({ name }) => name))(
    "%s: thirty days at once are the same as thirty single days",
    async (stream) => {
      const first = await pullFirst(stream);
      const atOnce = await pullAll(stream, first.cursor, daysLater(30));
      const daily: Input[] = [];
      let { cursor } = first;
      for (let day = 1; day <= 30; day += 1) {
        const next = await pullAll(stream, cursor, daysLater(day));
        daily.push(...next.inputs);
        cursor = next.cursor;
      }
      expect(sorted(daily)).toEqual(sorted(atOnce.inputs));
      expect(cursor).toEqual(atOnce.cursor);
      expect(atOnce.pages.at(-1)?.coveredThrough).toBe("2026-04-09");
    },
  );

  test("delivers nothing twice: a second pull on the same day is empty and done", async () => {
    const first = await pullFirst("ticket");
    const again = await pullAll("ticket", first.cursor, new Date("2026-03-11T23:59:00Z"));
    expect(again.inputs).toEqual([]);
    expect(again.cursor).toEqual(first.cursor);
  });

  test("a single new day comes live, days that were missed come as history", async () => {
    const first = await pullFirst("usage");
    expect((await pullAll("usage", first.cursor, daysLater(1))).pages.map((page) => page.backfilled)).toEqual([false]);
    expect((await pullAll("usage", first.cursor, daysLater(3))).pages.map((page) => page.backfilled)).toEqual([true]);
  });

  test("a pull that was interrupted goes on where it stopped, days later too", async () => {
    const source = openSampleSource({ seed });
    const begun = await source.pull("usage", null, pullContext(source, now));
    const rest = await pullAll("usage", begun.cursor, daysLater(5));
    const whole = await pullFirst("usage");
    const later = await pullAll("usage", whole.cursor, daysLater(5));
    expect(sorted([...inputsOf(begun), ...rest.inputs])).toEqual(sorted([...whole.inputs, ...later.inputs]));
    expect(rest.cursor).toEqual(later.cursor);
  });

  test("refuses a cursor it did not make", async () => {
    const source = openSampleSource({ seed });
    const pull = source.pull("usage", { page: 3 }, pullContext(source, now));
    await expect(pull).rejects.toThrow(/firstDay/);
  });
});

describe("as of", () => {
  test("a ticket is not solved, an invoice not paid and a champion not gone before the day on which it happens", async () => {
    const inputs = await pullEveryStream();
    const early = inputs.filter((input) => {
      if (input.kind === "ticket") return (input.set.solvedAt ?? input.at) !== input.at;
      if (input.kind === "invoice") {
        return (input.set.paidAt ?? input.at) !== input.at || (input.set.paymentFailedAt ?? input.at) !== input.at;
      }
      if (input.kind === "contact") return (input.set.leftOn ?? dayOf(input)) !== dayOf(input);
      return false;
    });
    expect(early).toEqual([]);
  });

  test("a renewal is told on the day it happens, not when the contract was signed", async () => {
    const { inputs } = await pullFirst("subscription");
    const told = inputs.filter(
      (input) => input.kind === "subscription" && input.id === "ebbworth-logistics-subscription",
    );
    const ends = told.map((input) => (input.kind === "subscription" ? input.set.periodEndsOn : null));
    expect(told.slice(1).map(dayOf)).toEqual(ends.slice(0, -1));
  });
});

describe("stories", () => {
  async function usersOf(accountKey: string): Promise<ReadonlyMap<string, number>> {
    const { inputs } = await pullFirst("usage");
    const rows = inputs.flatMap((input) => (input.kind === "usage" && input.name === "active_users" ? [input] : []));
    return new Map(rows.filter((row) => row.account === accountKey).map((row) => [row.day, row.value]));
  }
  const accountWith = (story: string) => sampleStories.find((entry) => entry.story === story)?.accountKey ?? "none";

  test("every story is told by an account that exists", async () => {
    const { inputs } = await pullFirst("account");
    const keys = new Set(inputs.map((input) => input.kind === "account" && input.id));
    expect(sampleStories.filter((entry) => !keys.has(entry.accountKey))).toEqual([]);
    expect(new Set(sampleStories.map((entry) => entry.story)).size).toBe(8);
  });

  test("the customer who just stops has no usage from one day on", async () => {
    const users = await usersOf(accountWith("just stops"));
    const last = [...users.keys()].sort().at(-1);
    expect(last).toBe("2026-02-20");
  });

  test("the champion is gone before the usage sinks", async () => {
    const key = accountWith("champion leaves");
    const { inputs } = await pullFirst("contact");
    const left = inputs.flatMap((input) =>
      input.kind === "contact" && input.account === key ? [input.set.leftOn] : [],
    );
    expect(left.filter((day) => day !== undefined)).toEqual(["2026-01-18"]);
    const users = await usersOf(key);
    expect(users.get("2026-03-10")).toBeLessThan((users.get("2026-01-13") ?? 0) / 2);
  });

  test("the ticket storm has at least five urgent tickets open on the last day", async () => {
    const { inputs } = await pullFirst("ticket");
    const open = new Map<string, boolean>();
    for (const input of inputs) {
      if (input.kind !== "ticket" || input.account !== accountWith("ticket storm")) continue;
      if (input.set.priority === "urgent") open.set(input.id, true);
      if (input.set.solvedAt !== undefined) open.delete(input.id);
    }
    expect(open.size).toBeGreaterThanOrEqual(5);
  });

  test("the overdue invoice is due for more than 35 days and not paid", async () => {
    const { inputs } = await pullFirst("invoice");
    const mine = inputs.flatMap((input) =>
      input.kind === "invoice" && input.account === accountWith("overdue invoice") ? [input] : [],
    );
    const paid = new Set(mine.filter((input) => input.set.status === "paid").map((input) => input.id));
    const unpaid = mine.filter((input) => !paid.has(input.id));
    expect(unpaid.flatMap((input) => input.set.dueOn ?? [])).toEqual(["2026-02-01"]);
  });

  test("the overdue invoice could not be collected three times", async () => {
    const { inputs } = await pullFirst("invoice");
    const failed = inputs.flatMap((input) =>
      input.kind === "invoice" && input.account === accountWith("overdue invoice")
        ? [input.set.paymentFailedAt?.slice(0, 10)]
        : [],
    );
    expect(failed.filter((day) => day !== undefined)).toEqual(["2026-02-02", "2026-02-09", "2026-02-16"]);
  });

  test("some surveys are not answered, and opportunities are open, won and lost", async () => {
    const surveys = (await pullFirst("survey")).inputs;
    const types = new Set(
      surveys.map((input) => (input.kind === "survey" ? `${input.set.type} ${input.set.score !== undefined}` : "")),
    );
    expect([...types].sort()).toEqual(["ces false", "ces true", "csat true", "nps false", "nps true"]);
    const opportunities = (await pullFirst("opportunity")).inputs;
    const outcomes = new Set(opportunities.map((input) => (input.kind === "opportunity" ? input.set.outcome : "")));
    expect([...outcomes].sort()).toEqual(["lost", "open", "won"]);
  });

  test("the customer stuck in onboarding began six weeks ago and has hardly used the product", async () => {
    const key = accountWith("stuck in onboarding");
    const { inputs } = await pullFirst("account");
    const began = inputs.flatMap((input) => (input.kind === "account" && input.id === key ? [input.set.beganOn] : []));
    expect(began).toEqual(["2026-01-27"]);
    const users = await usersOf(key);
    expect(Math.max(...users.values())).toBeLessThanOrEqual(6);
  });
});
