import { bandByEdges } from "../bands.ts";
import { toTenths } from "../contributions.ts";
import type { HealthModel } from "../health-model.ts";
import type { Driver, Override } from "../history.ts";

/** A score and a band, as they are shown. */
interface Shown {
  /** Null when there is no score. */
  readonly tenths: number | null;
  readonly band: string | null;
}

/** What an override makes of a computed score. */
interface Overridden extends Shown {
  /** What it adds or takes away, as a driver of its own. */
  readonly driver: Driver;
  /** For the score's reason. */
  readonly words: string;
}

/**
 * Puts a person's score or band in place of the computed ones, at once and above every cap. A score gives the band by its edges; a band
 * alone leaves the score. A band that the model does not have is passed over.
 */
export function applyOverride(model: HealthModel, override: Override, computed: Shown): Overridden {
  const asked = override.score === null ? null : Math.min(1000, Math.max(0, toTenths(override.score)));
  const tenths = asked ?? computed.tenths;
  const isKnown = override.band !== null && model.bands.bands.some(({ id }) => id === override.band);
  const byScore = asked === null ? computed.band : bandByEdges(model.bands, asked);
  const band = isKnown ? override.band : byScore;
  const ignored = override.band === null || isKnown ? "" : `; its band "${override.band}" is none of this model's`;
  const words = `${wish(override)} by override of ${override.by}${until(override)}${ignored}`;
  const driver: Driver = {
    group: "override",
    measure: override.reason === "" ? "no reason given" : override.reason,
    metric: "override",
    value: override.score ?? override.band,
    unit: override.score === null ? "" : "points",
    ageDays: null,
    state: "value",
    points: asked === null ? null : asked / 10,
    weight: 0,
    contribution: asked === null ? 0 : (asked - (computed.tenths ?? 0)) / 10,
    reason: words,
  };
  return { tenths, band, driver, words };
}

function wish({ score, band }: Override): string {
  if (score === null) return `band ${band}`;
  return band === null ? `score ${score}` : `score ${score} and band ${band}`;
}

function until({ until: end }: Override): string {
  return end === null ? " until it is taken back" : ` until ${new Date(end).toISOString().slice(0, 16)}Z`;
}
