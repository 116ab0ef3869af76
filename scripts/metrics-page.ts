// Writes docs/metrics.md from the code: `npm run docs:metrics`. A test fails while the page says something else than the code.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type MetricForm, metricForms } from "../src/scoring/metrics.ts";

const intro = `# Metrics

Every metric there is. This page is made from the code by \`npm run docs:metrics\`; [scoring.md](scoring.md) tells how a metric is
computed as of a moment, where windows end, and how old a value is.

- \`<N>d\` is any number of whole days from \`1d\` to \`400d\`; \`<name>\` is a usage name or a field of your own: names of this form are made as needed.
- The source is the kind of record a metric rests on. While its stream fails, the measures on it are held.
- "Missing" is when there is no value: no data, with the reason, unless it says that the metric does not apply.
- A unit of \`text\` stands for a text: a measure gives points by text for it, and a condition compares it with \`is\`, \`in\` or \`contains\`.
`;

/** What a family has in common; families without a note need none. */
const notes: Readonly<Record<string, string>> = {
  usage:
    "Days of use of any usage name. Within what its source covers, a day without a row is zero, also for an account that never used the name.",
  adoption:
    "How many features are used. `metrics.json` lists the features, each a usage name; a listed name that no source has delivered yet counts as not used.",
  custom:
    "Metrics of your own: formulas in `metrics.json`, over any metrics that are numbers, other formulas among them. See [below](#a-formula).",
};

const formulas = `## A formula

\`\`\`json
{
  "activeUsers": "logins",
  "features": ["reports", "exports", "alerts"],
  "metrics": [
    {
      "id": "tickets-per-user",
      "name": "Open tickets per active user",
      "unit": "ratio",
      "formula": { "round": [{ "divide": ["tickets.open", { "max": ["usage.logins.users_28d", 1] }] }, 2] }
    }
  ]
}
\`\`\`

This \`metrics.json\` makes the metric \`custom.tickets-per-user\`. A formula is a number, the name of a metric, or one operator over a list:

${table(
  ["operator", "takes", "comes to"],
  [
    ["`add` `multiply` `min` `max`", "1 to 50", "the sum, the product, the least, the greatest"],
    ["`subtract` `divide`", "2", "first − second, first ÷ second; dividing by 0 is no data"],
    ["`coalesce`", "1 to 50", "the first that has a value"],
    ["`round`", "1, and 0 to 10", "the number with so many digits, half away from zero"],
    ["`log1p`", "1", "the natural logarithm of 1 + the number: growth of counts, made gentler"],
  ],
).join("\n")}

- Where an operand is missing the formula is missing, for the operand's reason; no data outweighs a metric that does not apply.
- The result is as old as its oldest operand. What is not a finite number is no data.
- A formula, with those of your own that it names, is at most 20 levels deep and never made of itself.
- \`activeUsers\` (\`active_users\` unless given) is the usage name behind \`contract.seat_use\`.
`;

/** The page, as Biome would format it. */
export function metricsPage(): string {
  const families = new Map<string, MetricForm[]>();
  for (const form of metricForms) {
    const family = form.name.slice(0, form.name.indexOf("."));
    families.set(family, [...(families.get(family) ?? []), form]);
  }
  const sections = [...families].map(([family, forms]) => section(family, forms));
  return [intro, ...sections, formulas].join("\n");
}

function section(family: string, forms: readonly MetricForm[]): string {
  const note = notes[family];
  const rows = forms.map(({ name, ...words }) => [
    `\`${name}\``,
    // Markdown would take <name> for a tag and show nothing.
    ...[words.unit, words.source, words.formula, words.missing].map((text) => text.replaceAll("<", "&lt;")),
  ]);
  const lines = [`## ${family}`, "", ...(note === undefined ? [] : [note, ""])];
  return `${[...lines, ...table(["metric", "unit", "source", "formula", "missing"], rows)].join("\n")}\n`;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const [first = [], ...others] = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)];
}

if (process.argv[1] === import.meta.filename) {
  await writeFile(join(import.meta.dirname, "..", "docs", "metrics.md"), metricsPage());
}
