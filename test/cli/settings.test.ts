import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readSecret, readSettings } from "../../src/config.ts";
import { redactText } from "../../src/redaction.ts";

describe("settings", () => {
  test("have defaults for everything, and an empty variable is none", () => {
    const read = readSettings({ DATABASE_URL: "", PORT: "", LOG_FORMAT: "json" });
    expect(read).toEqual({
      kind: "settings",
      settings: {
        databaseUrl: null,
        configFolder: resolve("config"),
        dataFolder: resolve(".keepwell"),
        host: "127.0.0.1",
        port: 7373,
        publicUrl: null,
        logLevel: null,
        logFormat: "json",
        erasureKey: null,
        isColorless: false,
        author: null,
      },
    });
  });

  test.each([
    ["https://keepwell.example.com/", "https://keepwell.example.com"],
    ["http://localhost:8080/in//", "http://localhost:8080/in"],
    ["keepwell.example.com", null],
    ["ftp://keepwell.example.com", null],
    ["https://keepwell.example.com/?a=1", null],
  ])("read the public URL %s without a slash at its end, or not at all", (text, url) => {
    const read = readSettings({ KEEPWELL_PUBLIC_URL: text });
    expect(read.kind === "settings" ? read.settings.publicUrl : null).toBe(url);
  });

  test("tell every unusable variable at once, and no password", () => {
    const read = readSettings({
      DATABASE_URL: "mysql://keepwell:hunter22@db.example.com/keepwell",
      PORT: "70000",
      LOG_LEVEL: "loud",
      LOG_FORMAT: "xml",
    });
    if (read.kind !== "faults") throw new Error("expected faults");
    expect(read.faults.map(({ variable }) => variable)).toEqual(["DATABASE_URL", "PORT", "LOG_LEVEL", "LOG_FORMAT"]);
    expect(JSON.stringify(read)).not.toContain("hunter22");
  });

  test("keep the database's password and every secret that is read out of all later texts", () => {
    readSettings({ DATABASE_URL: "postgres://keepwell:tr%40ubadour@db.example.com/keepwell" });
    expect(readSecret("EXAMPLE_TOKEN", { EXAMPLE_TOKEN: 'correct "horse"' })).toBe('correct "horse"');
    const text = redactText(`tr@ubadour tr%40ubadour correct "horse" ${JSON.stringify({ a: 'correct "horse"' })}`);
    expect(text).toBe('[redacted] [redacted] [redacted] {"a":"[redacted]"}');
  });

  test("treat a secret that is empty as one that is not set", () => {
    expect(readSecret("EXAMPLE_TOKEN", { EXAMPLE_TOKEN: "" })).toBeUndefined();
    expect(readSecret("EXAMPLE_TOKEN", {})).toBeUndefined();
  });
});
