import type { Log } from "../log.ts";

/** A stage's own loop: it only waits, runs and logs. */
export interface Loop {
  /** Runs the stage soon, also when it is running now. */
  wake(): void;
  /** Lets the pass under way end, then stops. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  /** One pass; true when it did something, so that another one follows at once. */
  readonly pass: () => Promise<boolean>;
  /** The poll beneath the notifications. */
  readonly pollMs: number;
  readonly log: Log;
}

/** Longest pause after passes that threw (database away, say). */
const longestPauseMs = 30_000;

/** Runs a stage again and again until it is stopped. A pass that throws is logged and tried again; it never ends the process. */
export function startLoop(options: LoopOptions): Loop {
  let isStopped = false;
  let isAwake = true;
  let failures = 0;
  let interrupt: () => void = () => {};

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (isStopped || isAwake) return resolve();
      const timer = setTimeout(resolve, ms);
      interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const turn = async (): Promise<number> => {
    isAwake = false;
    try {
      const hasWorked = await options.pass();
      failures = 0;
      return hasWorked ? 0 : options.pollMs;
    } catch (error) {
      failures += 1;
      options.log.error({ stage: options.name, err: error }, "a pass failed; it is tried again");
      return Math.min(options.pollMs * 2 ** failures, longestPauseMs);
    }
  };

  const done = (async () => {
    while (!isStopped) {
      const pauseMs = await turn();
      if (pauseMs > 0) await pause(pauseMs);
    }
  })();

  return {
    wake() {
      isAwake = true;
      interrupt();
    },
    async stop() {
      isStopped = true;
      interrupt();
      await done;
    },
  };
}
