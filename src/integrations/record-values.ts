import { z } from "zod";

/** What the fields of records hold at most; a vendor's longer text is cut, not refused. */
const longestLabel = 300;
const longestText = 10_000;

const email = z.email();

/** A vendor's text as a label of a record: trimmed and cut to what fits; null where nothing is left. */
export function labelOf(value: string | null | undefined): string | null {
  const label = cut((value ?? "").trim(), longestLabel).trim();
  return label === "" ? null : label;
}

/** A vendor's text as a long text of a record; null where there is none. */
export function textOf(value: string | null | undefined): string | null {
  const text = cut((value ?? "").trim(), longestText);
  return text === "" ? null : text;
}

/** A vendor's e-mail address; null for what is none: the rest of the record is as good. */
export function emailOf(value: string | null | undefined): string | null {
  const parsed = email.safeParse((value ?? "").trim());
  return parsed.success ? parsed.data : null;
}

/** Without what PostgreSQL cannot keep: NUL, and halves of characters, such as the cut may leave. */
function cut(text: string, longest: number): string {
  return text
    .slice(0, longest)
    .replaceAll("\u0000", "")
    .replace(/\p{Surrogate}/gu, "");
}
