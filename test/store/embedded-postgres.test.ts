import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { quickFolder } from "../support/quick-folder.ts";

// A starter of its own, which can be killed without ending the tests. It says what it got, and stops when its stdin closes.
const starter = `
  const { startEmbeddedPostgres } = await import(process.env.LAUNCHER);
  const { stop, ...server } = await startEmbeddedPostgres({ dataDir: process.env.DATA_DIR });
  process.stdout.write(JSON.stringify(server) + "\\n");
  process.stdin.resume().on("close", () => stop());
`;

const isLinux = process.platform === "linux";
const isRoot = process.getuid?.() === 0;
let folder: string;
let dataDir: string;
let stops: (() => Promise<unknown>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(await quickFolder(), "keepwell-launcher-"));
  await chmod(folder, 0o755);
  dataDir = join(folder, "postgres");
  stops = [];
});

afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  await rm(folder, { recursive: true, force: true });
});

describe("starting and stopping", () => {
  test("answers, runs as a user who is not root, listens on no port, and is gone after the stop", async () => {
    const server = await start({ ephemeral: false });
    const pid = await serverPid();
    expect(server).toMatchObject({ kind: "started", dataDir, notice: null });
    expect(await ask(server.url, "show listen_addresses")).toEqual([{ listen_addresses: "" }]);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(dataDir)).uid).not.toBe(0);
    const sockets = socketsOf(server.url);
    expect((await stat(sockets)).mode & 0o777).toBe(0o700);

    await server.stop();
    expect(isAlive(pid)).toBe(false);
    await expect(stat(sockets)).rejects.toThrow("ENOENT");
  });

  test("keeps the data from one start to the next", async () => {
    const first = await start({ ephemeral: false });
    await ask(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const second = await start({ ephemeral: false });
    expect(await ask(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  });

  test("an ephemeral server leaves nothing behind", async () => {
    const server = await start({ ephemeral: true });
    await ask(server.url, "create table gone (id int)");
    await server.stop();
    expect(await readdir(folder)).toEqual([]);
  });

  test("settings given by the caller stand above the defaults", async () => {
    const server = await startEmbeddedPostgres({ dataDir, ephemeral: true, settings: { work_mem: "7MB" } });
    stops.push(server.stop);
    expect(await ask(server.url, "show work_mem")).toEqual([{ work_mem: "7MB" }]);
    expect(await ask(server.url, "show jit")).toEqual([{ jit: "off" }]);
  });

  test("a stop cuts off clients that are still connected, and may be called twice", async () => {
    const server = await start({ ephemeral: false });
    const client = new pg.Client({ connectionString: server.url });
    const errors: string[] = [];
    client.on("error", ({ message }) => errors.push(message));
    await client.connect();
    await Promise.all([server.stop(), server.stop()]);
    await vi.waitFor(() => expect(errors).toContain("terminating connection due to administrator command"), 10_000);
  });
});

describe("several processes on one folder", () => {
  test("the second attaches, and its end leaves the server alone", async () => {
    const server = await start({ ephemeral: false });
    const second = await spawnStarter();
    expect(second.server).toEqual({ url: server.url, kind: "attached", dataDir, notice: null });
    second.child.stdin?.end();
    expect(await second.exited).toEqual([0, null]);
    expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("of three that start at once on a new folder, one starts the server and the others attach", async () => {
    const all = await Promise.all([spawnStarter(), spawnStarter(), spawnStarter()]);
    expect(all.map(({ server }) => server.kind).sort()).toEqual(["attached", "attached", "started"]);
    expect(new Set(all.map(({ server }) => server.url)).size).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(["postgres"]);
  });
});

describe("a starter that is killed", () => {
  test("takes the server with it, and the next start finds what was committed", async () => {
    const killed = await spawnStarter();
    await ask(killed.server.url, "create table kept as select 42 as answer");
    const pid = await serverPid();
    killed.child.kill("SIGKILL");
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 40_000);

    const next = await start({ ephemeral: false });
    expect(next.kind).toBe("started");
    expect(await ask(next.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  });

  test.skipIf(!isLinux)(
    "and the server with it, at once: the next start recovers what was committed (reads /proc)",
    async () => {
      const killed = await spawnStarter();
      await ask(killed.server.url, "create table kept as select 42 as answer");
      await killAll(killed.child);
      expect(await readdir(dataDir)).toContain("postmaster.pid");

      const next = await start({ ephemeral: false });
      expect(next.kind).toBe("started");
      expect(await ask(next.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    },
  );

  test.skipIf(!isLinux)(
    "is started again though the dead server's process number is another program's now (reads /proc)",
    async () => {
      const killed = await spawnStarter();
      await killAll(killed.child);
      const { uid, gid } = await stat(dataDir);
      const other = spawn("sleep", ["60"], { uid, gid });
      stops.push(async () => other.kill());
      const lock = await readFile(join(dataDir, "postmaster.pid"), "utf8");
      await writeFile(join(dataDir, "postmaster.pid"), lock.replace(/^\d+/, String(other.pid)));

      const next = await start({ ephemeral: false });
      expect(next.kind).toBe("started");
    },
  );
});

describe("a folder that cannot be used", () => {
  test("refuses one that holds something else, and leaves that alone", async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, "thesis.txt"), "years of work");
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
      `${dataDir} is not empty and holds no PostgreSQL data`,
    );
    expect(await readFile(join(dataDir, "thesis.txt"), "utf8")).toBe("years of work");
  });

  test("refuses data of another major version and names the way out", async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, "PG_VERSION"), "16\n");
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/written by PostgreSQL 16.*DATABASE_URL/);
  });

  test("says what the server said when it does not start, and names the way out", async () => {
    const attempt = startEmbeddedPostgres({ dataDir, ephemeral: true, settings: { shared_buffers: "many" } });
    await expect(attempt).rejects.toThrow(/DATABASE_URL.*invalid value for parameter "shared_buffers"/s);
  });

  test.skipIf(!isRoot)(
    "goes elsewhere when the server's user cannot enter it, and says where (as root only)",
    async () => {
      await chmod(folder, 0o700);
      const server = await start({ ephemeral: false });
      stops.unshift(() => rm(dirname(server.dataDir), { recursive: true, force: true }));
      expect(server.dataDir).not.toContain(folder);
      expect(server.notice).toContain(server.dataDir);
      await ask(server.url, "create table kept as select 42 as answer");
      await server.stop();

      const next = await start({ ephemeral: false });
      expect(await ask(next.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    },
  );
});

async function start(options: { ephemeral: boolean }): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, ...options });
  stops.push(server.stop);
  return server;
}

interface Starter {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly server: Omit<EmbeddedPostgres, "stop">;
}

async function spawnStarter(): Promise<Starter> {
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", starter], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      LAUNCHER: new URL("../../src/store/embedded-postgres.ts", import.meta.url).href,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  stops.push(async () => {
    child.stdin.end();
    await exited;
  });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  return { child, exited, server: JSON.parse(String(line)) };
}

/** The starter, the keeper of the server and the server, in the order in which none can save another. */
async function killAll(child: ChildProcess): Promise<void> {
  const pid = await serverPid();
  const keeper = Number((await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[1]);
  process.kill(-keeper, "SIGKILL");
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 20_000);
}

function socketsOf(url: string): string {
  return decodeURIComponent(new URL(url).hostname);
}

async function serverPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, "postmaster.pid"), "utf8"), 10);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
