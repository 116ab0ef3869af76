import { describe, expect, test } from "vitest";
import { createLog, type LogFormat } from "../../src/log.ts";
import { conceal } from "../../src/redaction.ts";

function logTo(format: LogFormat, level: "info" | "debug" = "info") {
  const lines: string[] = [];
  const log = createLog({ level, format, to: { write: (line) => lines.push(line) } });
  return { log, lines };
}

const formats = ["json", "text"] as const;

describe.each(formats)("a log in %s", (format) => {
  test("lets no secret through, wherever it stands", () => {
    conceal("s3cret-value");
    const { log, lines } = logTo(format, "debug");
    const error = Object.assign(new Error("POST https://hooks.slack.com/services/T0/B0/s3cret-value failed"), {
      config: { headers: { Authorization: "Bearer s3cret-value" } },
      cause: new Error("password=s3cret-value"),
    });
    log.error({ err: error }, "could not send with %s", "s3cret-value");
    log.info({ headers: { authorization: "Basic s3cret-value", "x-api-key": "other-s3cret" } }, "headers");
    log.info({ database: "postgres://keepwell:unknown-password@db.example.com/x" }, "connecting");
    log.info({ deep: { list: [{ password: "other-s3cret", clientSecret: ["other-s3cret"] }] } }, "deep");
    log.child({ token: "other-s3cret" }).info("kw_abcdefghijklmnopqrstuvwxyz0123456789");
    log.info(new Error("whsec_c2VjcmV0 is wrong"));
    const all = lines.join("");
    expect(all).not.toMatch(/s3cret|unknown-password|kw_abc|c2VjcmV0|services\/T0/);
    expect(lines).toHaveLength(6);
    expect(all).toContain("[redacted]");
    expect(all).toContain("db.example.com");
  });

  test("writes one line per entry, whatever the text holds", () => {
    const { log, lines } = logTo(format);
    log.info({ name: "Acme\nINFO forged=1" }, "first\nsecond\r\u001b[2J");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  test("survives values that cannot be written", () => {
    const { log, lines } = logTo(format);
    const circular: Record<string, unknown> = { big: 10n, when: new Date(Number.NaN), why: Symbol("x") };
    circular["self"] = circular;
    log.info(circular, "odd");
    expect(lines[0]).toContain("[circular]");
  });

  test("keeps counts and flags under telling names", () => {
    const { log, lines } = logTo(format);
    log.info({ tokens: 3, hasPassword: true }, "counted");
    expect(lines[0]).toMatch(/tokens["=:]+3/);
    expect(lines[0]).toMatch(/hasPassword["=:]+true/);
  });
});
