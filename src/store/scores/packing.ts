import type { Driver, DriverState, MetricState, MetricValue } from "../../scoring/history.ts";

/** What a driver shows, or a metric: only a driver can be held. */
type Shown<State extends DriverState> = Omit<MetricValue, "state"> & { readonly state: State };

/** A metric as it is kept: the state only where it is not `value`, the reason only where there is one. */
export type PackedMetric<State extends DriverState = MetricState> = readonly [
  value: MetricValue["value"],
  unit: string,
  ageDays: number | null,
  state?: State | "value",
  reason?: string,
];

/** A driver as it is kept: what it shows of its metric only where that is not the metric itself, as for a ratio or a stale value. */
export type PackedDriver = readonly [
  group: string,
  measure: string,
  metric: string,
  points: number | null,
  weight: number,
  contribution: number,
  shown?: PackedMetric<DriverState>,
];

export type PackedMetrics = Readonly<Record<string, PackedMetric>>;

/**
 * The JSON of a score's metrics. Scores are written for every account every day and read for few: without the names of the fields, and
 * with each value once, a row fits into its page as it is, and the server need not compress it.
 */
export function packMetrics(metrics: Readonly<Record<string, MetricValue>>): string {
  const packed: Record<string, PackedMetric> = {};
  for (const name of Object.keys(metrics)) {
    const metric = metrics[name];
    if (metric !== undefined) packed[name] = packMetric(metric);
  }
  return JSON.stringify(packed);
}

/** The JSON of a score's drivers, which is read together with that of its metrics. */
export function packDrivers(drivers: readonly Driver[], metrics: Readonly<Record<string, MetricValue>>): string {
  return JSON.stringify(drivers.map((driver) => packDriver(driver, metrics[driver.metric])));
}

export function unpackMetrics(packed: PackedMetrics): Record<string, MetricValue> {
  return Object.fromEntries(Object.entries(packed).map(([name, metric]) => [name, unpackMetric(metric)]));
}

export function unpackDrivers(drivers: readonly PackedDriver[], metrics: PackedMetrics): Driver[] {
  return drivers.map(([group, measure, metric, points, weight, contribution, shown]) => {
    const own = shown ?? metrics[metric];
    if (own === undefined) throw new Error(`A stored score has a driver without its metric ${metric}.`);
    const { value, unit, ageDays, state, reason } = unpackMetric(own);
    const driver = { group, measure, metric, value, unit, ageDays, state, points, weight, contribution };
    return reason === undefined ? driver : { ...driver, reason };
  });
}

function packMetric<State extends DriverState>(shown: Shown<State>): PackedMetric<State> {
  const { value, unit, ageDays, state, reason } = shown;
  if (reason !== undefined) return [value, unit, ageDays, state, reason];
  return state === "value" ? [value, unit, ageDays] : [value, unit, ageDays, state];
}

function unpackMetric<State extends DriverState>(
  packed: PackedMetric<State>,
): Omit<MetricValue, "state"> & { readonly state: State | "value" } {
  const [value, unit, ageDays, state = "value", reason] = packed;
  const metric = { value, unit, ageDays, state };
  return reason === undefined ? metric : { ...metric, reason };
}

function packDriver(driver: Driver, metric: MetricValue | undefined): PackedDriver {
  const { group, measure, points, weight, contribution } = driver;
  if (metric !== undefined && shows(driver, metric)) {
    return [group, measure, driver.metric, points, weight, contribution];
  }
  return [group, measure, driver.metric, points, weight, contribution, packMetric(driver)];
}

function shows(driver: Driver, metric: MetricValue): boolean {
  return (
    driver.value === metric.value &&
    driver.unit === metric.unit &&
    driver.ageDays === metric.ageDays &&
    driver.state === metric.state &&
    driver.reason === metric.reason
  );
}
