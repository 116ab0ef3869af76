/** Points of (days after the sample's first day, value), joined by straight lines and level beyond both ends. */
export type Course = readonly (readonly [day: number, value: number])[];

/** A course through a value on each of some days, which are given in their order. */
export function course(days: readonly number[], values: readonly number[]): Course {
  if (days.length !== values.length) throw new Error(`a course needs a value for each of its ${days.length} days`);
  return days.map((day, index) => [day, values[index] ?? 0]);
}

/** The value of a course on a day. */
export function valueOn(course: Course, day: number): number {
  const [first] = course;
  if (first === undefined) throw new Error("a course has at least one point");
  let before = first;
  for (const point of course) {
    if (day < point[0]) return between(before, point, day);
    before = point;
  }
  return before[1];
}

function between(before: readonly [number, number], after: readonly [number, number], day: number): number {
  if (after[0] <= before[0]) return after[1];
  return before[1] + ((day - before[0]) / (after[0] - before[0])) * (after[1] - before[1]);
}
