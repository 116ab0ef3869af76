import { UnreadableBody } from "../integrations/hook-port.ts";
import type { InboxDoor } from "./inbox-door.ts";
import type { HttpMetrics } from "./metrics.ts";
import { isPassing, Problem } from "./problem.ts";

/** What came of a delivery; each is a label in the metrics, and a reason in the inbox's list of refusals. */
type DeliveryOutcome =
  | "accepted"
  | "duplicate"
  | "unsigned"
  | "bad signature"
  | "stale"
  | "not allowed"
  | "too large"
  | "unreadable"
  | "unavailable"
  | "unknown source"
  | "our fault";

export interface CountingDeps {
  readonly inbox: Pick<InboxDoor, "refuse">;
  readonly metrics: Pick<HttpMetrics, "countDelivery">;
}

/** What a source is called in numbers that nobody knows: a sender must not be able to make up labels. */
const unknownSource = "unknown";

/** Takes a delivery and counts what came of it, under its source once `take` has named it. What was thrown is thrown on as a `Problem`. */
export async function countDelivery(
  { inbox, metrics }: CountingDeps,
  take: (name: (source: string) => void) => Promise<"accepted" | "duplicate">,
): Promise<void> {
  let label = unknownSource;
  try {
    const outcome = await take((source) => {
      label = source;
    });
    metrics.countDelivery(label, outcome);
  } catch (error) {
    const refusal = refusalOf(error);
    metrics.countDelivery(label, refusal.outcome);
    inbox.refuse(label, refusal.outcome);
    throw refusal.problem;
  }
}

/** A delivery that is not kept: what it counts as, and what its sender is told. */
export class Refusal extends Error {
  readonly outcome: DeliveryOutcome;
  readonly problem: unknown;

  constructor(outcome: DeliveryOutcome, problem: unknown) {
    super(outcome);
    this.outcome = outcome;
    this.problem = problem;
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return new Refusal("unreadable", new Problem(400, error.message));
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : null;
  if (status === 413) return new Refusal("too large", error);
  if (status === 503 || isPassing(error)) return new Refusal("unavailable", error);
  if (typeof status === "number" && status >= 400 && status < 500) return new Refusal("unreadable", error);
  return new Refusal("our fault", error);
}
