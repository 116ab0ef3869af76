// Holds the floors: fails on any import that a rule of .dependency-cruiser.cjs forbids, and on a cruise that saw nothing.
// With --self-test it plants one fault of each kind into a copy and fails unless every one is reported.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
/** Fewer mean that the tool could not read TypeScript: it would find no fault in an empty house. */
const fewestModules = 20;

const planted = [
  {
    rule: "floor-scoring",
    file: "src/scoring/planted.ts",
    text: 'import type { Message } from "../playbooks/message.ts";\nexport type Planted = Message;',
  },
  {
    rule: "floor-playbooks",
    file: "src/playbooks/planted.ts",
    text: 'import type { Schema } from "../store/schema.ts";\nexport type Planted = Schema;',
  },
  {
    rule: "floor-store",
    file: "src/store/planted.ts",
    text: 'import type { Channel } from "../integrations/ports.ts";\nexport type Planted = Channel;',
  },
  {
    rule: "floor-integrations",
    file: "src/integrations/planted.ts",
    text: 'import type { Schema } from "../store/schema.ts";\nexport type Planted = Schema;',
  },
  {
    rule: "floor-queries",
    file: "src/queries/planted.ts",
    text: 'export * from "../worker/planted.ts";',
    beside: { "src/worker/planted.ts": "export const planted = 1;" },
  },
  {
    rule: "floor-worker",
    file: "src/worker/planted.ts",
    text: 'export * from "../http/planted.ts";',
    beside: { "src/http/planted.ts": "export const planted = 1;" },
  },
  {
    rule: "floor-http",
    file: "src/http/planted.ts",
    text: 'export * from "../worker/planted.ts";',
    beside: { "src/worker/planted.ts": "export const planted = 1;" },
  },
  {
    rule: "floor-cli",
    file: "src/cli/planted.ts",
    text: 'import { httpOutcome } from "../integrations/http-status.ts";\nexport const planted = httpOutcome;',
  },
  {
    rule: "domain-does-no-io",
    file: "src/scoring/planted.ts",
    text: 'import { readFileSync } from "node:fs";\nexport const planted = readFileSync;',
  },
  {
    rule: "kysely-stays-in-place",
    file: "src/queries/planted.ts",
    text: 'import type { Kysely } from "kysely";\nexport type Planted = Kysely<unknown>;',
  },
  {
    rule: "pg-stays-in-place",
    file: "src/worker/planted.ts",
    text: 'import pg from "pg";\nexport const planted = pg;',
  },
  {
    rule: "axios-stays-in-place",
    file: "src/http/planted.ts",
    text: 'import axios from "axios";\nexport const planted = axios;',
  },
  {
    rule: "nodemailer-stays-in-place",
    file: "src/worker/planted.ts",
    text: 'import nodemailer from "nodemailer";\nexport const planted = nodemailer;',
  },
  {
    rule: "no-unplaced-library",
    file: "src/http/planted.ts",
    text: 'import fc from "fast-check";\nexport const planted = fc;',
  },
  {
    rule: "only-compose-picks-adapters",
    file: "src/worker/planted.ts",
    text: 'export * from "../integrations/slack/channel.ts";',
  },
  {
    rule: "adapters-do-not-meet",
    file: "src/integrations/slack/planted.ts",
    text: 'export * from "../webhook/channel.ts";',
  },
  {
    rule: "roots-stay-on-top",
    file: "src/worker/planted.ts",
    text: 'export * from "../compose.ts";',
  },
  {
    rule: "no-junk-drawers",
    file: "src/cli/planted.ts",
    text: 'export * from "./utils/planted.ts";',
    beside: { "src/cli/utils/planted.ts": "export const planted = 1;" },
  },
  {
    rule: "no-circular",
    file: "src/store/planted.ts",
    text: 'export * from "./planted-too.ts";',
    beside: { "src/store/planted-too.ts": 'export * from "./planted.ts";' },
  },
  { rule: "no-orphans", file: "src/store/planted.ts", text: "export const planted = 1;" },
  {
    rule: "source-never-sees-tests",
    file: "src/store/planted.ts",
    text: 'export * from "../../test/planted.ts";',
    beside: { "test/planted.ts": "export const planted = 1;" },
  },
  { rule: "no-unresolvable", file: "src/store/planted.ts", text: 'export * from "./nowhere.ts";' },
];

const isSelfTest = process.argv.includes("--self-test");
process.exitCode = isSelfTest ? await selfTest() : await check();

async function check() {
  const { violations, modules } = await cruise(root);
  for (const { rule, from, to, comment } of violations) console.error(`${rule}: ${from} → ${to}\n  ${comment}`);
  if (modules <= fewestModules)
    console.error(`Only ${modules} modules were seen: the cruise does not read the sources.`);
  console.log(`floors: ${modules} modules, ${violations.length} violations`);
  return violations.length > 0 || modules <= fewestModules ? 1 : 0;
}

/** All faults stand in one copy, each in a file of its own kind, so that one cruise answers for all. */
async function selfTest() {
  const copy = await mkdtemp(join(tmpdir(), "keepwell-floors-"));
  try {
    await copySources(copy);
    const expected = [];
    for (const [index, fault] of planted.entries()) expected.push(await plant(copy, fault, index));
    const { violations } = await cruise(copy);
    const unseen = expected.filter(
      ({ rule, mark }) => !violations.some((one) => one.rule === rule && mark.test(one.from)),
    );
    for (const { rule } of unseen) console.error(`not reported: ${rule}`);
    console.log(`floors self-test: ${expected.length - unseen.length} of ${expected.length} planted faults reported`);
    return unseen.length > 0 ? 1 : 0;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function copySources(copy) {
  for (const part of ["src", "test", "bin", ".dependency-cruiser.cjs", "tsconfig.json", "package.json"]) {
    await cp(join(root, part), join(copy, part), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
}

/** Writes one fault under names of its own, and answers how to know it again. */
async function plant(copy, { rule, file, text, beside = {} }, index) {
  const renamed = (name) => name.replace(/planted(?=[\w-]*\.ts)/g, `planted-${index}`);
  const files = {
    [renamed(file)]: renamed(text),
    ...Object.fromEntries(Object.entries(beside).map(([name, body]) => [renamed(name), renamed(body)])),
  };
  for (const [name, body] of Object.entries(files)) {
    await mkdir(dirname(join(copy, name)), { recursive: true });
    await writeFile(join(copy, name), `${body}\n`);
  }
  return { rule, mark: new RegExp(`/planted-${index}[.-]`) };
}

async function cruise(folder) {
  const bin = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [bin, "src", "test", "bin", "--config", ".dependency-cruiser.cjs", "--output-type", "json"];
  const answer = await run(process.execPath, args, { cwd: folder, maxBuffer: 256 * 1024 * 1024 }).catch((error) => {
    // It ends with the number of violations; anything else is a failure of the tool itself.
    if (typeof error.stdout === "string" && error.stdout.startsWith("{")) return error;
    throw error;
  });
  const { summary, modules } = JSON.parse(answer.stdout);
  const comments = new Map(summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]));
  const violations = summary.violations.map(({ rule, from, to }) => ({
    ...{ rule: rule.name, from, to },
    comment: comments.get(rule.name) ?? "",
  }));
  return { violations, modules: modules.filter(({ source }) => source.startsWith("src/")).length };
}
