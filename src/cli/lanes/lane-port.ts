import { parentPort } from "node:worker_threads";
import type { Unit } from "../../scoring/replay/families.ts";

/** What a lane tells: that it is ready for its first units, accounts that are done, or what came of the units it was given. */
export type LaneMessage<Result> =
  | { readonly kind: "ready" }
  | { readonly kind: "accounts"; readonly accounts: number }
  | { readonly kind: "result"; readonly result: Result };

/** Works, inside a thread, on the units that come until none is left, then closes what it has opened. */
export function serveLane<Result>(
  work: (units: readonly Unit[], onAccounts: (accounts: number) => void) => Promise<Result>,
  close: () => Promise<void>,
): void {
  const port = parentPort;
  if (port === null) throw new Error("A lane runs in a thread of its own.");
  const tell = (message: LaneMessage<Result>) => port.postMessage(message);
  // The only writer of what comes in here is lanes.ts.
  port.on("message", async (units: readonly Unit[] | null) => {
    if (units === null) {
      await close();
      port.close();
      return;
    }
    tell({ kind: "result", result: await work(units, (accounts) => tell({ kind: "accounts", accounts })) });
  });
  tell({ kind: "ready" });
}
