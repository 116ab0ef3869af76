/** A vendor's answer, JSON or lines of JSON, with fields in every object that nobody has heard of. Other texts stay. */
export function withUnknownFields(text: string): string {
  return throughJson(text, (object) => ({ ...object, unheard_of: { deep: [1, null, "x"] } }));
}

/** The same with words that nobody has heard of under these names. */
export function withUnknownWords(text: string, names: readonly string[]): string {
  return throughJson(text, (object) =>
    Object.fromEntries(
      Object.entries(object).map(([name, value]) => [
        name,
        names.includes(name) && typeof value === "string" ? "unheard_of" : value,
      ]),
    ),
  );
}

type Change = (object: object) => object;

function throughJson(text: string, change: Change): string {
  const whole = parsed(text);
  if (whole !== undefined) return JSON.stringify(changed(whole, change));
  const lines = text.split("\n").map((line) => (line === "" ? "" : parsed(line)));
  if (lines.includes(undefined)) return text;
  return lines.map((line) => (line === "" ? "" : JSON.stringify(changed(line, change)))).join("\n");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function changed(value: unknown, change: Change): unknown {
  if (Array.isArray(value)) return value.map((each) => changed(each, change));
  if (typeof value !== "object" || value === null) return value;
  return change(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, changed(each, change)])));
}
