import { describeSource } from "../source-suite.ts";
import { startIntercomFake } from "./fake.ts";
import { openWorkspace } from "./open.ts";

describeSource({
  name: "Intercom",
  now: new Date("2026-06-01T12:00:00Z"),
  startFake: () => startIntercomFake(),
  open: openWorkspace,
  words: ["state", "priority", "type", "role", "delivered_as"],
});
