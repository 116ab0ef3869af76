import { sql } from "kysely";
import { expect } from "vitest";
import type { Channel } from "../../src/integrations/ports.ts";
import { createLog } from "../../src/log.ts";
import type { Message, Outcome } from "../../src/playbooks/message.ts";
import type { Db } from "../../src/store/db.ts";
import { endOutage, openOutage } from "../../src/store/outages.ts";
import { keepStream } from "../../src/store/streams.ts";
import { type TellDeps, tellOutages } from "../../src/worker/tell.ts";
import { test } from "../support/database.ts";
import { configure } from "./scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const owners = {
  owners: [{ id: "anna", name: "Anna", email: "anna@example.com" }],
  fallback: "anna",
  onOwnerChange: "move" as const,
};

async function breakStream(db: Db): Promise<void> {
  await keepStream(db, "crm", "tickets", ["ticket"]);
  const trouble = { kind: "failing", beganAt: now, reason: "the vendor answered 500" } as const;
  await db.transaction().execute((tx) => openOutage(tx, 1, trouble));
}

/** What was told: lines of the log, and messages of a channel that answers as it is asked to. */
function listen(db: Db, kind: "slack" | "email", outcomes: readonly Outcome[] = []) {
  const lines: string[] = [];
  const messages: Message[] = [];
  const channel: Channel = {
    id: "ops",
    kind,
    minIntervalMs: 0,
    send: async ({ message }) => {
      messages.push(message);
      return outcomes[messages.length - 1] ?? { kind: "sent", reason: "accepted" };
    },
  };
  const log = createLog({ level: "error", format: "json", to: { write: (line) => void lines.push(line) } });
  const deps: TellDeps = { db, log, channels: new Map([["ops", channel]]), owners, tell: "ops" };
  return { deps, lines, messages };
}

test("an outage is told once, by the log and by the channel", async ({ db }) => {
  await breakStream(db);
  const { deps, lines, messages } = listen(db, "slack");
  expect(await tellOutages(deps, now)).toBe(1);
  expect(await tellOutages(deps, now)).toBe(0);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("a stream is in trouble");
  expect(messages).toMatchObject([
    { kind: "slack", text: expect.stringContaining("tickets of crm cannot be pulled, since 2026-03-10T12:00:00.000Z") },
  ]);
  expect(JSON.stringify(messages)).toContain("keepwell sources accept crm tickets");
});

test("a channel that is not there, or cannot tell, is refused when sources.json is saved", () => {
  const tellBy = (tell: string) => () =>
    configure([], 1, {}, false, [{ kind: "sources", id: "sources", body: { tell, sources: [] } }]);
  expect(tellBy("alerts")).not.toThrow();
  expect(tellBy("nobody")).toThrow("expected the id of a channel of channels.json");
  expect(tellBy("crm")).toThrow("expected the id of a channel of channels.json");
});

test("by e-mail it goes to the fallback owner", async ({ db }) => {
  await breakStream(db);
  const { deps, messages } = listen(db, "email");
  await tellOutages(deps, now);
  expect(messages).toMatchObject([{ kind: "email", to: "anna@example.com", audience: "team" }]);
});

test("without a channel the log alone tells it", async ({ db }) => {
  await breakStream(db);
  const { deps, lines, messages } = listen(db, "slack");
  expect(await tellOutages({ ...deps, tell: null }, now)).toBe(1);
  expect([lines.length, messages.length]).toEqual([1, 0]);
});

test("what could not be delivered now is told later, also when the stream is whole again by then", async ({ db }) => {
  await breakStream(db);
  const { deps, lines, messages } = listen(db, "slack", [{ kind: "retry", reason: "the server is busy" }]);
  expect(await tellOutages(deps, now)).toBe(0);
  await db.transaction().execute((tx) => endOutage(tx, 1, new Date("2026-03-10T13:00:00Z")));
  await sql`update slots set lease_until = now() - interval '1 s'`.execute(db);
  expect(await tellOutages(deps, now)).toBe(1);
  expect([lines.length, messages.length]).toEqual([1, 2]);
  expect(JSON.stringify(messages[1])).toContain("It was whole again at 2026-03-10T13:00:00.000Z");
});
