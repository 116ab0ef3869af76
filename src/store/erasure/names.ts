/** A name of one word is in too many texts that mean somebody else: only the contact's own records lose it. */
export function isFullName(name: string): boolean {
  return name.trim().split(/\s+/u).length >= 2;
}

/** The forms in which a name stands in our texts: as it came, on one line, in HTML, in JSON, in a URL. */
export function formsOf(name: string): string[] {
  const plain = name.trim();
  const forms = [plain, plain.replace(/\s+/gu, " "), plain.normalize("NFC"), plain.normalize("NFD")];
  return [
    ...new Set(
      forms.flatMap((form) => [form, html(form), JSON.stringify(form).slice(1, -1), encodeURIComponent(form)]),
    ),
  ];
}

function html(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Behind an escape of a URL or of JSON inside a text begins a word, whatever letters the escape has. */
const wordBegins = "(?:(?<=%[0-9a-f]{2}|\\\\[bfnrt]|\\\\u[0-9a-f]{4})|(?<![\\p{L}\\p{N}_]-?))";

/** Finds these names as words of their own: `Anna Lee` is neither `Anna Leeds` nor `Mary-Anna Lee`. Null where there are none. */
export function namesPattern(names: readonly string[]): RegExp | null {
  if (names.length === 0) return null;
  const forms = [...new Set(names.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const literal = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`${wordBegins}(?:${literal.join("|")})(?!-?[\\p{L}\\p{N}_])`, "giu");
}
