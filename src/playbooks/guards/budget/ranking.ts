import type { Instant } from "../../../scoring/history.ts";
import { amountWords } from "../../amount-words.ts";
import { expectedLoss, type LossEstimate, medianOf } from "../../expected-loss.ts";

/** A run that waits for its owner's alert budget. */
export interface OpenRequest extends LossEstimate {
  readonly accountId: number;
  readonly playbookId: string;
  readonly askedAt: Instant;
}

/** What is left of an owner's week. */
export interface Allowance {
  /** Alerts of the week that may have been given by now. */
  readonly released: number;
  /** Given already; escalations among them. */
  readonly given: number;
  readonly currency: string;
}

/** A request with its place. */
export interface RankedRequest<Request extends OpenRequest> {
  readonly request: Request;
  readonly expectedLoss: number;
  readonly isGranted: boolean;
  readonly reason: string;
}

/**
 * The open requests of one owner, the greatest expected loss first; the first ones get what is left of the allowance. Of equal losses the one that
 * has waited longest comes first. Revenue that is not known counts as the middle of those that are.
 */
export function rankRequests<Request extends OpenRequest>(
  requests: readonly Request[],
  { released, given, currency }: Allowance,
): readonly RankedRequest<Request>[] {
  const median = medianOf(requests.map(({ revenue }) => revenue));
  const left = Math.max(0, released - given);
  return requests
    .map((request) => ({ request, expectedLoss: expectedLoss(request, median) }))
    .sort((one, other) => other.expectedLoss - one.expectedLoss || byAge(one.request, other.request))
    .map((ranked, index) => {
      const place = `place ${index + 1} of ${requests.length} by expected loss (${amountWords(ranked.expectedLoss, currency)} a year${guessWords(ranked.request, median)})`;
      return {
        ...ranked,
        isGranted: index < left,
        reason: `${place}; ${given} of the ${released} released so far this week are given`,
      };
    });
}

function byAge(one: OpenRequest, other: OpenRequest): number {
  return (
    one.askedAt - other.askedAt ||
    one.accountId - other.accountId ||
    (one.playbookId < other.playbookId ? -1 : Number(one.playbookId > other.playbookId))
  );
}

function guessWords({ revenue }: OpenRequest, median: number | null): string {
  if (revenue !== null) return "";
  return median === null
    ? ", its revenue is not known"
    : ", its revenue is not known and taken as the middle of the others'";
}
