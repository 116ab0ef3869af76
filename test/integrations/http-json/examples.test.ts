import { expect, onTestFinished } from "vitest";
import { SourceHalt } from "../../../src/integrations/call-port.ts";
import { test } from "../../support/database.ts";
import { say, startHttpStub } from "../http-stub.ts";
import { pullContext } from "../pull-context.ts";
import { describeSource, expectTruthAfterPull } from "../source-suite.ts";
import { openExample, startEfficyFake, startEngageBayFake, startPipedriveFake } from "./examples.ts";

const now = new Date("2026-02-10T12:00:00Z");

describeSource({
  name: "The example for Pipedrive",
  now,
  startFake: startPipedriveFake,
  open: (baseUrl, secret) => openExample("pipedrive", baseUrl, secret),
  words: ["status"],
});

// The suite is about the connector, which is one: of the other examples what they bring.
test.for([
  ["engagebay", startEngageBayFake],
  ["efficy", startEfficyFake],
] as const)("The example for %s brings the tables to what the vendor has", async ([name, startFake], { db }) => {
  const fake = await startFake();
  onTestFinished(() => fake.close());
  await expectTruthAfterPull(db, openExample(name, fake.url, "key"), fake, now);
});

test("an error that efficy answers with 200 is a failure in its words, and no empty list", async () => {
  const fault = { errorcode: "E-17", errorstring: "Unknown query 1001" };
  const body = JSON.stringify([{ "@name": "api", "@func": [{ "@name": "query", "#error": fault }] }]);
  const stub = await startHttpStub(say(200, {}, body));
  const source = openExample("efficy", `http://127.0.0.1:${stub.port}`, "key");
  const pull = source.pull("companies", null, pullContext(source, now));
  await expect(pull).rejects.toThrow(SourceHalt);
  await expect(pull).rejects.toThrow(/Unknown query 1001/);
  await stub.close();
});
