import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allotTenths, toTenths } from "../../src/scoring/contributions.ts";

describe("rounding to tenths", () => {
  test.each([
    [34.25, 343],
    [34.2499, 342],
    [0.05, 1],
    [0.04, 0],
    [99.95, 1000],
    // 0.1 + 0.2 - 0.25 style noise: the exact value is a half.
    [68.44999999999999, 685],
  ])("%d points are %d tenths, half up", (points, tenths) => {
    expect(toTenths(points)).toBe(tenths);
  });
});

describe("allotting tenths", () => {
  test("gives what is left to the largest remainders", () => {
    expect(allotTenths(10, [3.2, 3.5, 3.3])).toEqual([3, 4, 3]);
  });

  test("prefers the earlier part where remainders are equal", () => {
    expect(allotTenths(10, [10 / 3, 10 / 3, 10 / 3])).toEqual([4, 3, 3]);
  });

  test("takes float noise below a whole tenth for the whole tenth", () => {
    expect(allotTenths(60, [29.999999999999996, 30.000000000000004])).toEqual([30, 30]);
  });

  test("gives nothing to a part of size zero", () => {
    expect(allotTenths(1, [0, 0.5, 0])).toEqual([0, 1, 0]);
  });

  test("parts add up to the total, and each is within one tenth of its exact size", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 20 }), (exact) => {
        const total = toTenths(exact.reduce((sum, size) => sum + size, 0) / 10);
        const parts = allotTenths(total, exact);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total);
        parts.forEach((part, index) => {
          expect(Math.abs(part - (exact[index] ?? 0))).toBeLessThan(1 + 1e-6);
        });
      }),
    );
  });
});
