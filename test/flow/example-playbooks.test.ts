import { describe, expect, test as plain } from "vitest";
import type { FieldsOf, RecordInput } from "../../src/scoring/records.ts";
import { test } from "../support/database.ts";
import { beginStory, companyWith, exampleIds } from "./example-stories.ts";

const kim = "kim@acme.example.com";

/** Forty seats for 3,000 EUR a month, unless told otherwise. */
function contract(at: string, set: FieldsOf<"subscription"> = {}): RecordInput {
  const price = { amountMinor: 300_000, currency: "EUR", interval: "month", seats: 40 } as const;
  const frame = { kind: "subscription", id: "s1", account: "acme", at } as const;
  return { ...frame, set: { status: "active", startsOn: "2025-01-06", ...price, ...set } };
}

/** What people are shown in place of the computed band. */
function band(at: string, to: string): RecordInput {
  const set = { band: to, score: null, until: "2028-01-01T00:00:00Z", reason: "for the story", by: "anna" };
  return { kind: "override", id: "acme/override", account: "acme", at, set };
}

function ticket(id: string, at: string, set: FieldsOf<"ticket"> = {}): RecordInput {
  return { kind: "ticket", id, account: "acme", at, set: { status: "open", priority: "urgent", openedAt: at, ...set } };
}

function answer(id: string, at: string, score: number): RecordInput {
  return { kind: "survey", id, account: "acme", at, set: { type: "nps", score, comment: "as it is" } };
}

const days = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

plain("six playbooks ship as examples, and compile together in a company with what they ask for", () => {
  expect(exampleIds).toHaveLength(6);
  expect(
    companyWith(exampleIds)
      .playbooks.map(({ id }) => id)
      .toSorted(),
  ).toEqual(exampleIds.toSorted());
});

describe("onboarding-stuck", () => {
  const customer = { beganOn: "2026-03-02", stage: "onboarding", segment: "mid" };
  const signed = contract("2026-03-02T09:00:00Z", { startsOn: "2026-03-02" });

  test("offers help when go-live is overdue, waits two weeks, and asks the manager then", async ({ db }) => {
    const story = await beginStory(db, "onboarding-stuck", customer);
    await story.learn("2026-03-02T09:00:00Z", signed);
    expect(await story.pass("2026-03-20T10:00:00Z")).toEqual([]);
    // Overdue since midnight: told in the morning.
    expect(await story.pass("2026-04-02T03:00:00Z")).toEqual([]);
    expect(await story.pass("2026-04-02T09:00:00Z")).toEqual(["unblock → task for tomas.reyl", `offer-help → ${kim}`]);
    expect(await story.pass("2026-04-10T09:00:00Z")).toEqual([]);
    expect(await story.pass("2026-04-17T09:00:00Z")).toEqual(["escalate → task for mira.solberg"]);
    expect(await story.state()).toEqual({ run: "done", tasks: ["open", "open"] });
  });

  test("ends with its task closed when the customer goes live, and tells the team of an enterprise", async ({ db }) => {
    const story = await beginStory(db, "onboarding-stuck", { ...customer, segment: "enterprise" });
    await story.learn("2026-03-02T09:00:00Z", signed);
    await story.pass("2026-03-20T10:00:00Z");
    expect(await story.pass("2026-04-02T09:00:00Z")).toEqual([
      "unblock → task for tomas.reyl",
      "tell-team → csm-alerts",
    ]);
    await story.use("2026-04-12T06:00:00Z", "active_users", days(28, 12));
    expect(await story.pass("2026-04-12T09:00:00Z")).toEqual([]);
    expect(await story.state()).toEqual({ run: "reached", tasks: ["cancelled"] });
  });

  test("does nothing for an account of the holdout group, and keeps the run to compare with", async ({ db }) => {
    const story = await beginStory(db, "onboarding-stuck", customer, { isHeldOut: true });
    await story.learn("2026-03-02T09:00:00Z", signed);
    await story.pass("2026-03-20T10:00:00Z");
    expect(await story.pass("2026-04-02T09:00:00Z")).toEqual([]);
    expect(await story.state()).toEqual({ run: "holdout", tasks: [] });
  });
});

describe("usage-decline", () => {
  test("offers help after two days of falling use, and gives the owner a task where it does not come back", async ({
    db,
  }) => {
    const story = await beginStory(db, "usage-decline", { segment: "mid" });
    await story.learn("2025-01-06T09:00:00Z", contract("2025-01-06T09:00:00Z"));
    await story.use("2026-06-01T06:00:00Z", "active_users", days(150, 20));
    expect(await story.pass("2026-06-01T09:00:00Z")).toEqual([]);
    await story.use("2026-06-15T06:00:00Z", "active_users", days(14, 1));
    expect(await story.pass("2026-06-15T09:00:00Z")).toEqual([]);
    await story.use("2026-06-17T06:00:00Z", "active_users", days(2, 1));
    expect(await story.pass("2026-06-17T10:00:00Z")).toEqual([
      "tell-owner skipped: told in the digest of tomas.reyl, by 18 June 2026 at 08:30 (Europe/Dublin)",
      `offer-help → ${kim}`,
    ]);
    expect(await story.pass("2026-06-18T10:00:00Z")).toEqual(["notice → tomas.reyl@fernhollow.example"]);
    expect(await story.pass("2026-06-27T11:00:00Z")).toEqual(["call → task for tomas.reyl"]);
  });
});

describe("detractor-follow-up", () => {
  test("alerts, has the owner and the manager call, thanks for the talk, and asks again after three months", async ({
    db,
  }) => {
    const story = await beginStory(db, "detractor-follow-up", { segment: "mid" });
    await story.learn("2026-01-12T09:00:00Z", contract("2025-01-06T09:00:00Z"), band("2026-01-12T09:00:00Z", "yellow"));
    expect(await story.pass("2026-01-12T10:00:00Z")).toEqual([]);
    await story.learn("2026-01-13T21:00:00Z", answer("a1", "2026-01-13T21:00:00Z", 9));
    expect(await story.pass("2026-01-13T21:01:00Z")).toEqual([]);
    await story.learn("2026-01-14T21:00:00Z", answer("a2", "2026-01-14T21:00:00Z", 3));
    expect(await story.pass("2026-01-14T21:01:00Z")).toEqual([
      "alert → csm-alerts",
      "call → task for tomas.reyl",
      "manager → task for mira.solberg",
    ]);
    const call = {
      kind: "touchpoint",
      id: "t1",
      account: "acme",
      at: "2026-01-16T10:00:00Z",
      set: { type: "call" },
    } as const;
    await story.learn("2026-01-16T11:00:00Z", call);
    expect(await story.pass("2026-01-16T11:01:00Z")).toEqual([`thank → ${kim}`]);
    expect(await story.pass("2026-04-17T09:00:00Z")).toEqual([`ask-again → ${kim}`]);
    expect(await story.state()).toEqual({ run: "done", tasks: ["open", "open"] });
  });

  test("says so when nobody has called within a week, and asks nobody again whose account is red", async ({ db }) => {
    const story = await beginStory(db, "detractor-follow-up", { segment: "small" });
    await story.learn("2026-01-12T09:00:00Z", band("2026-01-12T09:00:00Z", "red"));
    await story.pass("2026-01-12T10:00:00Z");
    await story.learn("2026-01-14T21:00:00Z", answer("a2", "2026-01-14T21:00:00Z", 6));
    expect(await story.pass("2026-01-14T21:01:00Z")).toEqual(["alert → csm-alerts", "call → task for tomas.reyl"]);
    expect(await story.pass("2026-01-21T21:02:00Z")).toEqual(["nobody-called → csm-alerts"]);
    expect(await story.pass("2026-04-22T09:00:00Z")).toEqual([expect.stringMatching(/^ask-again skipped: .*red/)]);
  });
});

describe("renewal-90-60-30", () => {
  const renewing = contract("2025-07-01T09:00:00Z", { periodEndsOn: "2026-07-01", autoRenew: false });

  test("plans at 90 days, writes at 60 and confirms at 30, each once", async ({ db }) => {
    const story = await beginStory(db, "renewal-90-60-30", { segment: "mid" });
    await story.learn("2025-07-01T09:00:00Z", renewing, band("2025-07-01T09:00:00Z", "green"));
    expect(await story.pass("2026-03-02T10:00:00Z")).toEqual([]);
    expect(await story.pass("2026-04-07T10:00:00Z")).toEqual(["plan-90 → task for tomas.reyl"]);
    expect(await story.pass("2026-05-01T10:00:00Z")).toEqual([]);
    expect(await story.pass("2026-05-02T10:00:00Z")).toEqual([`review → ${kim}`]);
    expect(await story.pass("2026-06-01T10:00:00Z")).toEqual(["confirm-30 → task for tomas.reyl", "tell-crm → crm"]);
    expect(await story.state()).toEqual({ run: "done", tasks: ["open", "open"] });
  });

  test("calls the manager at 60 days where the account is red, and ends when it is renewed early", async ({ db }) => {
    const story = await beginStory(db, "renewal-90-60-30", { segment: "mid" });
    await story.learn("2025-07-01T09:00:00Z", renewing, band("2025-07-01T09:00:00Z", "red"));
    await story.pass("2026-04-07T10:00:00Z");
    expect(await story.pass("2026-05-02T10:00:00Z")).toEqual([
      "rescue → task for mira.solberg",
      "alert-60 → csm-alerts",
    ]);
    const at = "2026-05-20T09:00:00Z";
    await story.learn(at, { kind: "subscription", id: "s1", account: "acme", at, set: { periodEndsOn: "2027-07-01" } });
    expect(await story.pass("2026-05-20T10:00:00Z")).toEqual([]);
    expect(await story.state()).toEqual({ run: "exited", tasks: ["cancelled", "cancelled"] });
    expect(await story.pass("2026-06-01T10:00:00Z")).toEqual([]);
  });
});

describe("key-account-tickets", () => {
  test("alerts after four hours, asks how it was once all is solved, and tells that it is calm", async ({ db }) => {
    const story = await beginStory(db, "key-account-tickets", { segment: "enterprise" });
    await story.learn("2026-03-02T09:00:00Z", ticket("t0", "2026-03-02T09:00:00Z", { priority: "low" }));
    expect(await story.pass("2026-03-02T10:00:00Z")).toEqual([]);
    const at = "2026-03-07T20:00:00Z";
    await story.learn(at, ticket("t1", at), ticket("t2", at));
    expect(await story.pass(at)).toEqual([]);
    // A Sunday, at night: such an account does not wait for working hours.
    expect(await story.pass("2026-03-08T00:00:00Z")).toEqual([
      "alert → csm-alerts",
      "coordinate → task for tomas.reyl",
      "tell-crm → crm",
    ]);
    const solved = "2026-03-08T15:00:00Z";
    const set = { status: "solved", solvedAt: solved } as const;
    const solve = (id: string): RecordInput => ({ kind: "ticket", id, account: "acme", at: solved, set });
    await story.learn(solved, solve("t1"), solve("t2"));
    expect(await story.pass("2026-03-08T15:01:00Z")).toEqual([`ask → ${kim}`]);
    expect(await story.pass("2026-03-09T15:01:00Z")).toEqual(["calm → csm-alerts"]);
  });

  test.for([
    { segment: "enterprise", made: ["escalate → task for mira.solberg"], tasks: ["open", "open"] },
    { segment: "small", made: [], tasks: [] },
  ])(
    "has the manager take over after two days, of a key account: $segment",
    async ({ segment, made, tasks }, { db }) => {
      const story = await beginStory(db, "key-account-tickets", { segment });
      await story.learn("2026-03-02T09:00:00Z", ticket("t0", "2026-03-02T09:00:00Z", { priority: "low" }));
      await story.pass("2026-03-02T10:00:00Z");
      const at = "2026-03-07T20:00:00Z";
      await story.learn(at, ticket("t1", at), ticket("t2", at));
      for (const moment of [at, "2026-03-08T00:00:00Z"]) await story.pass(moment);
      expect(await story.pass("2026-03-10T00:00:00Z")).toEqual(made);
      expect((await story.state()).tasks).toEqual(tasks);
    },
  );
});

describe("first-value-referral", () => {
  const customer = { beganOn: "2026-03-02", stage: "onboarding", segment: "mid" };

  test("asks two weeks after first value, and a promoter in green for a referral", async ({ db }) => {
    const story = await beginStory(db, "first-value-referral", customer);
    await story.learn("2026-03-02T09:00:00Z", band("2026-03-02T09:00:00Z", "green"));
    await story.use("2026-03-10T06:00:00Z", "reports_created", days(7, 1));
    expect(await story.pass("2026-03-10T10:00:00Z")).toEqual([]);
    await story.use("2026-03-13T06:00:00Z", "reports_created", days(3, 2));
    expect(await story.pass("2026-03-13T10:00:00Z")).toEqual([]);
    expect(await story.pass("2026-03-27T10:01:00Z")).toEqual([`ask → ${kim}`]);
    await story.learn("2026-03-28T10:00:00Z", answer("a1", "2026-03-28T10:00:00Z", 10));
    expect(await story.pass("2026-03-28T10:01:00Z")).toEqual(["mark → account"]);
    expect(await story.pass("2026-04-02T10:00:00Z")).toEqual([`refer → ${kim}`, "follow-up → task for tomas.reyl"]);
    expect(await story.state()).toEqual({ run: "done", tasks: ["open"] });
  });

  test("asks a detractor for nothing more", async ({ db }) => {
    const story = await beginStory(db, "first-value-referral", customer);
    await story.learn("2026-03-02T09:00:00Z", band("2026-03-02T09:00:00Z", "green"));
    await story.use("2026-03-10T06:00:00Z", "reports_created", days(7, 1));
    await story.pass("2026-03-10T10:00:00Z");
    await story.use("2026-03-13T06:00:00Z", "reports_created", days(3, 2));
    await story.pass("2026-03-13T10:00:00Z");
    await story.pass("2026-03-27T10:01:00Z");
    await story.learn("2026-03-28T10:00:00Z", answer("a1", "2026-03-28T10:00:00Z", 2));
    expect(await story.pass("2026-03-28T10:01:00Z")).toEqual([]);
    expect(await story.state()).toEqual({ run: "stopped", tasks: [] });
  });
});
