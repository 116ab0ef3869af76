/** What a condition can compare. Days are `YYYY-MM-DD` texts. */
export type FactValue = string | number | boolean;

/** The facts of one account as of a moment. A fact that is not in the map is missing, which is not the same as zero. */
export type Facts = ReadonlyMap<string, FactValue>;
