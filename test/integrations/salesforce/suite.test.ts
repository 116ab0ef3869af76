import { describeSource } from "../source-suite.ts";
import { startSalesforceFake } from "./fake.ts";
import { openOver } from "./open.ts";

const now = new Date("2026-03-02T09:00:00.000Z");

describeSource({
  name: "Salesforce",
  now,
  startFake: () => startSalesforceFake({ pageRows: 1, clock: () => now, secret: null }),
  open: (baseUrl, secret) => openOver(baseUrl, {}, { CLIENT_SECRET: secret }),
  words: ["Status", "Priority", "Type", "Industry"],
});
