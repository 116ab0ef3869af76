import { z } from "zod";

/** Points a value may earn: 0 worst, 100 best. */
const points = z.number().min(0, "expected points from 0 to 100").max(100, "expected points from 0 to 100");
/** A limit that keeps interpolation finite. */
const abscissa = z.number().min(-1e12, "expected at least -1e12").max(1e12, "expected at most 1e12");

const linePoints = z
  .array(z.tuple([abscissa, points]))
  .min(2, "expected at least two points, such as [[0, 0], [10, 100]]")
  .refine(isRising, "expected the first numbers of the points to rise from each to the next");

/** How a metric's value becomes points: a line through points, clamped at both ends, or a table of texts. */
export const curveSchema = z.union([linePoints, z.record(z.string(), points)]);

export type CurveDocument = z.infer<typeof curveSchema>;

/** A curve ready to use. */
export interface Curve {
  readonly kind: "line" | "table";
  /** Points from 0 to 100, or null for a value the curve does not know. */
  pointsOf(value: number | string): number | null;
  /** The fewest points the curve gives. */
  readonly worst: number;
}

/** Compiles a curve. */
export function compileCurve(document: CurveDocument): Curve {
  return Array.isArray(document) ? lineCurve(document) : tableCurve(document);
}

function isRising(line: readonly (readonly [number, number])[]): boolean {
  return line.every(([x], index) => index === 0 || x > (line[index - 1]?.[0] ?? x));
}

function tableCurve(table: Readonly<Record<string, number>>): Curve {
  const entries = new Map(Object.entries(table));
  return {
    kind: "table",
    pointsOf: (value) => entries.get(String(value)) ?? null,
    worst: Math.min(100, ...entries.values()),
  };
}

function lineCurve(line: readonly (readonly [number, number])[]): Curve {
  const xs = line.map(([x]) => x);
  const ys = line.map(([, y]) => y);
  const last = xs.length - 1;
  const at = (values: readonly number[], index: number): number => values[index] ?? 0;
  return {
    kind: "line",
    worst: Math.min(...ys),
    pointsOf: (value) => {
      if (typeof value !== "number" || Number.isNaN(value)) return null;
      if (value <= at(xs, 0)) return at(ys, 0);
      if (value >= at(xs, last)) return at(ys, last);
      let right = 1;
      while (at(xs, right) < value) right += 1;
      const [y0, y1] = [at(ys, right - 1), at(ys, right)];
      const y = y0 + ((y1 - y0) * (value - at(xs, right - 1))) / (at(xs, right) - at(xs, right - 1));
      // Float noise must not lift a value past the end of its own segment.
      return y1 >= y0 ? Math.min(y, y1) : Math.max(y, y1);
    },
  };
}
