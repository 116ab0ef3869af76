import type { Input } from "../../../src/scoring/records.ts";
import { applyInputs } from "../../../src/store/intake.ts";
import { describeSource } from "../source-suite.ts";
import { startMixpanelFake } from "./fake.ts";
import { lineOf, openProject } from "./project.ts";

const now = new Date("2026-03-06T12:00:00Z");
const days = ["2026-03-01", "2026-03-03", "2026-03-05"];

describeSource({
  name: "Mixpanel",
  now,
  startFake: async () => {
    const lines = days.flatMap((day) => [
      lineOf("Report Created", `${day}T10:00:00Z`),
      lineOf("Report Created", `${day}T10:00:00Z`),
      lineOf("Report Created", `${day}T11:00:00Z`, { distinct_id: "u2" }),
      lineOf("Login", `${day}T12:00:00Z`, { company_id: ["acme", "umbrella"] }),
      lineOf("Login", `${day}T13:00:00Z`, { company_id: undefined }),
    ]);
    const fake = await startMixpanelFake(lines);
    const usage = days.flatMap((day) => [
      { account: "acme", name: "report_created", day, value: 2 },
      { account: "acme", name: "login", day, value: 1 },
      { account: "umbrella", name: "login", day, value: 1 },
    ]);
    return {
      url: fake.url,
      truth: () => ({ records: { account: { acme: {}, umbrella: {} } }, usage }),
      close: fake.close,
    };
  },
  open: openProject,
  // An export holds no accounts of its own: they are known from elsewhere, under the ids it has for them.
  prepare: (db) =>
    db.transaction().execute(async (tx) => {
      const inputs = ["acme", "umbrella"].map(
        (id): Input => ({ kind: "account", id, at: "2026-01-01T00:00:00Z", set: { name: id } }),
      );
      await applyInputs(tx, { source: "product", inputs, now, recordedAt: "now", unknownAccounts: "reject" });
    }),
  words: [],
});
