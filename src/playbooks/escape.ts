/** Control characters, and marks that turn the direction of text or hide in it. */
const unwanted = /[\p{Cc}\p{Cs}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF\uFFF9-\uFFFB]/gu;

/** Text without control and hidden characters; line breaks and tabs stay. */
export function plainText(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029\u0085\v\f]/g, "\n")
    .replace(unwanted, (character) => (character === "\n" || character === "\t" ? character : ""));
}

/** One line: every run of white space is one space. */
export function singleLine(text: string): string {
  return plainText(text).replace(/\s+/gu, " ").trim();
}

/** For HTML text and quoted attributes. */
export function escapeHtml(text: string): string {
  return plainText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** For Slack: the three characters that begin its mentions, links and entities. */
export function escapeSlack(text: string): string {
  return plainText(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** At most `limit` UTF-16 units, cut between characters and marked with an ellipsis. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** As `clip`, for text that is escaped for Slack: never cuts an entity or a `<…>` in two. */
export function clipSlack(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text
    .slice(0, limit - 1)
    .replace(/[\uD800-\uDBFF]$/, "")
    .replace(/&[a-z]{0,3}$/, "")
    .replace(/<[^>]*$/, "")}…`;
}
