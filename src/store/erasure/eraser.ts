import { replaceAddresses } from "./addresses.ts";
import { namesPattern } from "./names.ts";

/** What stands where a person was named. */
export const erased = "[erased]";

/** Takes persons out of texts, in memory. */
export interface Eraser {
  text(text: string): string;
  /** A text that names a row and must stay one of its kind: something else stands there for each person, always the same. */
  id(text: string): string;
}

/** Whom to take out: `null` leaves an address; else the hash that stands for its person. */
export interface Erasees {
  readonly hashOfAddress: (plain: string) => string | null;
  readonly names: readonly string[];
  readonly hashOfName: (name: string) => string;
  /** Texts that stand for the person and nobody else. */
  readonly tokens?: readonly string[] | undefined;
}

/** Makes the eraser of some persons. */
export function makeEraser({ hashOfAddress, names, hashOfName, tokens = [] }: Erasees): Eraser {
  const pattern = namesPattern(names);
  const without = (text: string, addressInstead: (hash: string) => string, nameInstead: (name: string) => string) => {
    const noTokens = tokens.reduce((rest, token) => rest.replaceAll(token, erased), text);
    const noAddresses = replaceAddresses(noTokens, (plain) => {
      const hash = hashOfAddress(plain);
      return hash === null ? null : addressInstead(hash);
    });
    return pattern === null ? noAddresses : noAddresses.replace(pattern, nameInstead);
  };
  return {
    text: (text) =>
      without(
        text,
        () => erased,
        () => erased,
      ),
    id: (text) => without(text, mark, (name) => mark(hashOfName(name))),
  };
}

/** Twelve digits tell all persons of a company apart. */
function mark(hash: string): string {
  return `[erased-${hash.slice(0, 12)}]`;
}

/** Fields that name an account: they must go on naming it. */
const naming: ReadonlySet<string> = new Set(["account", "parent"]);

/** Takes persons out of every text inside a JSON value, names of fields included. */
export function eraseJson(eraser: Eraser, value: unknown): unknown {
  if (typeof value === "string") return eraser.text(value);
  if (Array.isArray(value)) return value.map((item) => eraseJson(eraser, item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      eraser.text(key),
      naming.has(key) && typeof item === "string" ? eraser.id(item) : eraseJson(eraser, item),
    ]),
  );
}

/** As `eraseJson`, for an input as doors hand it in: its own id names a record. */
export function eraseInput<Input extends { readonly id?: string | undefined }>(eraser: Eraser, input: Input): Input {
  const { id } = input;
  // The shape stays: texts become texts.
  const rest = eraseJson(eraser, { ...input, id: undefined }) as Input;
  return id === undefined ? rest : { ...rest, id: eraser.id(id) };
}
