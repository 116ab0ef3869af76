import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareGroups } from "../../src/playbooks/effect.ts";

describe("what a playbook did", () => {
  // R. G. Newcombe, Interval estimation for the difference between independent proportions (1998), table II, method 10.
  test.each([
    { treated: [56, 70], holdout: [48, 80], low: 0.0524, high: 0.3339 },
    { treated: [9, 10], holdout: [3, 10], low: 0.1705, high: 0.809 },
    { treated: [6, 7], holdout: [2, 7], low: 0.0582, high: 0.8062 },
    { treated: [5, 56], holdout: [0, 29], low: -0.0381, high: 0.1926 },
    { treated: [0, 10], holdout: [0, 20], low: -0.1611, high: 0.2775 },
    { treated: [10, 10], holdout: [0, 20], low: 0.6791, high: 1 },
  ])("has the published interval for $treated against $holdout", ({ treated, holdout, low, high }) => {
    const [reached = 0, accounts = 0] = treated;
    const [otherReached = 0, otherAccounts = 0] = holdout;
    const { difference } = compareGroups({ accounts, reached }, { accounts: otherAccounts, reached: otherReached });
    expect(difference.low).toBeCloseTo(low, 4);
    expect(difference.high).toBeCloseTo(high, 4);
  });

  test("asks for the accounts that the usual formula gives: 388 in each of two equal groups for 50 % against 40 %", () => {
    const effect = compareGroups({ accounts: 10, reached: 5 }, { accounts: 10, reached: 4 });
    expect(effect).toMatchObject({ isCertain: false, needed: 2 * 388 - 20 });
  });

  test("asks for none once it is certain, and cannot say where there is no difference", () => {
    expect(compareGroups({ accounts: 900, reached: 600 }, { accounts: 100, reached: 30 }).needed).toBe(0);
    expect(compareGroups({ accounts: 10, reached: 5 }, { accounts: 10, reached: 5 }).needed).toBeNull();
    expect(compareGroups({ accounts: 10, reached: 5 }, { accounts: 0, reached: 0 }).needed).toBeNull();
  });

  test("turned round is the same with the other sign, and the interval holds the difference", () => {
    const group = fc
      .tuple(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([accounts, share]) => ({ accounts, reached: Math.round(accounts * share) }));
    fc.assert(
      fc.property(group, group, (one, other) => {
        const there = compareGroups(one, other);
        const back = compareGroups(other, one);
        expect(back.difference.low).toBeCloseTo(-there.difference.high, 10);
        expect(there.difference.low).toBeLessThanOrEqual(there.difference.share);
        expect(there.difference.high).toBeGreaterThanOrEqual(there.difference.share);
        expect(back.isCertain).toBe(there.isCertain);
      }),
    );
  });
});
