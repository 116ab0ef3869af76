import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { sampleStories } from "../../src/integrations/sample/stories.ts";
import { explanationSchema } from "../../src/queries/explain/explanation.ts";

const bin = fileURLToPath(new URL("../../bin/keepwell", import.meta.url));

describe("a newcomer's first start", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kw-start-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const launch = (...words: string[]): ChildProcess => {
    const { DATABASE_URL: _own, ...environment } = process.env;
    const env = { ...environment, KEEPWELL_DATA: folder, KEEPWELL_CONFIG: join(folder, "none"), PORT: "0" };
    return spawn(process.execPath, [bin, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  };

  const finish = async (...words: string[]) => {
    const child = launch(...words);
    let out = "";
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = await once(child, "close");
    return { code, out, said };
  };

  test("makes the sample company, replays, fires, prints the portfolio and ends with 0", {
    timeout: 300_000,
  }, async () => {
    const { code, out, said } = await finish("start", "--once");
    expect({ code, said: code === 0 ? "" : said }).toEqual({ code: 0, said: "" });
    expect(out).toMatch(/200 accounts: \d+ green · \d+ yellow · \d+ red/);
    expect(out).toContain("save-at-risk");
  });

  test("explains a story's account to people and to programs alike", { timeout: 120_000 }, async () => {
    const key = sampleStories.find((story) => story.story === "just stops")?.accountKey ?? "";
    const { code, out } = await finish("explain", key, "--json");
    expect(code).toBe(0);
    const explanation = explanationSchema.parse(JSON.parse(out));
    expect(explanation).toMatchObject({ account: key, band: "red" });
    const tenths = explanation.drivers.reduce((sum, driver) => sum + Math.round(driver.contribution * 10), 0);
    expect(tenths).toBe(Math.round((explanation.score ?? 0) * 10));
    expect((await finish("explain", key)).out).toContain("contributes");
  });

  test("kept every message in the local outbox, and sent none", { timeout: 120_000 }, async () => {
    const { out } = await finish("actions", "list", "--json");
    const shape = z.object({
      actions: z.array(z.looseObject({ id: z.number(), kind: z.string(), state: z.string() })),
    });
    const { actions } = shape.parse(JSON.parse(out));
    expect(actions.length).toBeGreaterThan(5);
    expect(new Set(actions.map((action) => action.state))).toEqual(new Set(["sent"]));
    expect(new Set(actions.map((action) => action.kind))).toContain("slack");
    const shown = await finish("actions", "show", String(actions.find((action) => action.kind === "slack")?.id));
    expect(shown.out).toContain("keepwell run");
  });

  test("serves until it is interrupted, and ends with 0", { timeout: 120_000 }, async () => {
    const child = launch("start");
    let said = "";
    const url = await new Promise<string>((resolve, reject) => {
      child.once("close", () => reject(new Error(said)));
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        const found = /serves on (http:\S+?) /.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/api/v1/accounts`)).status).toBe(401);
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(said).toContain("Stopped.");
  });
});
