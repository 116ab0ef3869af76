import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { metricsPage } from "../../scripts/metrics-page.ts";

test("docs/metrics.md says what the code says; npm run docs:metrics writes it", async () => {
  const page = await readFile(join(import.meta.dirname, "..", "..", "docs", "metrics.md"), "utf8");
  expect(page).toBe(metricsPage());
});
