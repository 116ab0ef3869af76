import fc from "fast-check";
import { expect } from "vitest";
import { rollBack } from "../../src/queries/configuration/rollback.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments, type DocumentInput, readLiveDocuments } from "../../src/store/documents.ts";
import { test } from "../support/database.ts";
import { soundDocuments } from "./company-folder.ts";

const start = Date.parse("2026-03-10T12:00:00Z");
const moment = (step: number) => new Date(start + step * 60_000);

/** A company of one of three names, and any of three playbooks, each in one of two versions. */
const versions = fc.record({
  name: fc.constantFrom("One", "Two", "Three"),
  playbooks: fc.dictionary(fc.constantFrom("first", "second", "third"), fc.boolean(), { maxKeys: 3 }),
});

interface Version {
  readonly name: string;
  readonly playbooks: Readonly<Record<string, boolean>>;
}

function documentsOf({ name, playbooks }: Version): readonly DocumentInput[] {
  const plain = soundDocuments["playbooks/save-at-risk.json"];
  return [
    { kind: "company", id: "company", body: { ...soundDocuments["company.json"], name } },
    { kind: "channels", id: "channels", body: soundDocuments["channels.json"] },
    { kind: "health-model", id: "default", body: soundDocuments["health-models/default.json"] },
    ...Object.entries(playbooks).map(([id, enabled]) => ({ kind: "playbook", id, body: { ...plain, id, enabled } })),
  ];
}

async function bodiesInForce(db: Db): Promise<unknown> {
  return Object.fromEntries((await readLiveDocuments(db)).map(({ kind, id, body }) => [`${kind} ${id}`, body]));
}

test("a rollback to any moment brings back exactly what was in force then", async ({ db }) => {
  const law = fc.asyncProperty(fc.array(versions, { minLength: 1, maxLength: 5 }), fc.nat(), async (edits, pick) => {
    await db.deleteFrom("liveDocuments").execute();
    await db.deleteFrom("documentApplications").execute();
    const inForce: unknown[] = [];
    for (const [step, edit] of edits.entries()) {
      const options = { author: "anna", note: null, now: moment(step) };
      await db.transaction().execute((tx) => applyDocuments(tx, documentsOf(edit), options));
      inForce.push(await bodiesInForce(db));
    }
    const step = pick % edits.length;
    // Half a minute after an application, and before the next one.
    const at = new Date(moment(step).getTime() + 30_000);
    const hand = { author: "ben", note: null };
    const saving = await db
      .transaction()
      .execute((tx) => rollBack(tx, { kind: "moment", at }, hand, moment(edits.length)));
    expect(saving.kind).toBe("saved");
    expect(await bodiesInForce(db)).toEqual(inForce[step]);
  });
  await fc.assert(law, { numRuns: 12 });
});
