import { runCli } from "./cli/program.ts";
import { followConfiguration } from "./compose.ts";

/** Runs one command line and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await runCli(argv, { followConfiguration });
}
