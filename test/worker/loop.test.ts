import { expect, test } from "vitest";
import { createLog } from "../../src/log.ts";
import { startLoop } from "../../src/worker/loop.ts";

const log = createLog({ level: "silent", format: "json" });

/** Resolves when the pass with that number begins. */
function countPasses(body: (pass: number) => boolean | Promise<boolean>) {
  let passes = 0;
  const waiting = new Map<number, () => void>();
  return {
    pass: async () => {
      passes += 1;
      waiting.get(passes)?.();
      return body(passes);
    },
    reach: (pass: number) => new Promise<void>((resolve) => (passes >= pass ? resolve() : waiting.set(pass, resolve))),
    count: () => passes,
  };
}

test("a pass that did something is followed by another at once", async () => {
  const passes = countPasses((pass) => pass < 5);
  const loop = startLoop({ name: "score", pass: passes.pass, pollMs: 3_600_000, log });
  await passes.reach(5);
  await loop.stop();
  expect(passes.count()).toBe(5);
});

test("a wake ends the pause, also when it comes during a pass", async () => {
  let finish: () => void = () => undefined;
  const passes = countPasses(async (pass) => {
    if (pass === 1) await new Promise<void>((resolve) => (finish = resolve));
    return false;
  });
  const loop = startLoop({ name: "score", pass: passes.pass, pollMs: 3_600_000, log });
  await passes.reach(1);
  loop.wake();
  finish();
  await passes.reach(2);
  loop.wake();
  await passes.reach(3);
  await loop.stop();
});

test("a pass that throws is tried again, and the loop lives", async () => {
  const passes = countPasses((pass) => {
    if (pass < 3) throw new Error("the database is away");
    return false;
  });
  const loop = startLoop({ name: "score", pass: passes.pass, pollMs: 1, log });
  await passes.reach(3);
  await loop.stop();
});

test("stopping waits for the pass under way", async () => {
  let hasEnded = false;
  const passes = countPasses(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    hasEnded = true;
    return false;
  });
  const loop = startLoop({ name: "score", pass: passes.pass, pollMs: 1, log });
  await passes.reach(1);
  await loop.stop();
  expect(hasEnded).toBe(true);
});
