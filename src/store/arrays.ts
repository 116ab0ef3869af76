/** Ids as an array literal: the driver would look for quotes in each of them. */
export function idArray(ids: readonly number[]): string {
  return `{${ids.join(",")}}`;
}

/**
 * Texts without line breaks (JSON, numbers, names of ours) as one, for `string_to_array(…, E'\n', '')`, where an empty one is null: the driver
 * and the server would spell and read each quote of an array twice.
 */
export function lines(texts: readonly (string | number | null)[]): string {
  return texts.join("\n");
}
