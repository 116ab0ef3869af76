import { describe, expect, test } from "vitest";
import { durationSchema, durationWords, parseDuration } from "../../src/scoring/duration.ts";

describe("durations", () => {
  test.each([
    ["45s", 45_000],
    ["30m", 1_800_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["0d", 0],
  ])("%s is %d ms", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
    expect(durationSchema.safeParse(text).success).toBe(true);
  });

  test.each(["", "7", "d", "7 d", "7D", "1.5h", "-1d", "7days", "999999d"])("%j is no duration", (text) => {
    expect(parseDuration(text)).toBeNull();
    expect(durationSchema.safeParse(text).success).toBe(false);
  });

  test.each([
    [0, "less than a minute"],
    [60_000, "1 minute"],
    [1_800_000, "30 minutes"],
    [21_600_000, "6 hours"],
    [86_400_000, "1 day"],
    [259_200_000, "3 days"],
  ])("%d ms reads %j", (milliseconds, words) => {
    expect(durationWords(milliseconds)).toBe(words);
  });
});
