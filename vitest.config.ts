import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "pure",
          include: ["test/scoring/**/*.test.ts", "test/playbooks/**/*.test.ts"],
          // Guards against a hang; nothing is judged by its speed, and a busy machine makes a law of many runs slow.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "io",
          include: ["test/{store,worker,http,flow,integrations,queries,cli}/**/*.test.ts"],
          globalSetup: ["test/support/postgres.ts"],
          // Guards against a hang; nothing is judged by its speed.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
