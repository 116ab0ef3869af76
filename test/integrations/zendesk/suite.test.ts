import { describeSource } from "../source-suite.ts";
import { startZendeskFake } from "./fake.ts";
import { openDesk } from "./open.ts";

const now = new Date("2026-06-01T12:00:00Z");

describeSource({
  name: "Zendesk",
  now,
  startFake: () => startZendeskFake({ now }),
  open: openDesk,
  words: ["status", "priority", "score", "type", "role"],
});
