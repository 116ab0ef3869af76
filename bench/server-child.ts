import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** Runs a server of `bench/` in a process of its own for as long as it is used. `warmUp`: the first answers of a process are slow. */
export async function withServer<T>(
  options: {
    readonly script: string;
    readonly databaseUrl: string;
    readonly kind: "bare" | "keepwell";
    readonly warmUp: (server: string) => Promise<unknown>;
  },
  use: (server: string) => Promise<T>,
): Promise<T> {
  const script = fileURLToPath(new URL(options.script, import.meta.url));
  const child: ChildProcess = fork(script, [options.databaseUrl, options.kind], { execArgv: ["--import", "tsx"] });
  try {
    const [message] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
    ]);
    const server = z.object({ url: z.string() }).parse(message).url;
    await options.warmUp(server);
    return await use(server);
  } finally {
    child.disconnect();
    if (child.exitCode === null) await once(child, "exit");
  }
}
