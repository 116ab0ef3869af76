import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { encode } from "iconv-lite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvParser } from "../../src/integrations/files/csv-parser.ts";
import { dateReader, instantOf } from "../../src/integrations/files/date-format.ts";
import { pairFiles } from "../../src/integrations/files/file-set.ts";
import { type MappedFile, type MappedRow, mapFile } from "../../src/integrations/files/mapped-file.ts";
import { parseMapping } from "../../src/integrations/files/mapping.ts";
import type { FileRow, Reading } from "../../src/integrations/files/row-reader.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keepwell-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

function parse(text: string, delimiter = "auto"): Reading[] {
  const parser = csvParser(delimiter);
  const lines = text.split("\n").flatMap((line, index) => [...parser.line(line, index + 1)]);
  return [...lines, ...parser.end()];
}

function shown(readings: readonly Reading[], columns: readonly string[]): unknown[] {
  return readings.map(({ kind, row }) =>
    kind === "row" ? [row.line, ...columns.map((column) => row.cell(column))] : [row.line, row.reason],
  );
}

describe("CSV", () => {
  test("quotes hold delimiters, doubled quotes and line ends, and a row is known by its first line", () => {
    const text = 'a,b\n1,"x, ""y"""\n2,"two\nlines"\n3,z\n';
    expect(shown(parse(text), ["a", "b"])).toEqual([
      [2, "1", 'x, "y"'],
      [3, "2", "two\nlines"],
      [5, "3", "z"],
    ]);
  });

  test("a quote that is never closed costs its own row and no other", () => {
    const text = 'a,b\n1,"open\n2,x\n3,"fine"\n4,y';
    expect(shown(parse(text), ["a", "b"])).toEqual([
      [2, "text follows a closing quote"],
      [3, "2", "x"],
      [4, "3", "fine"],
      [5, "4", "y"],
    ]);
    expect(shown(parse('a,b\n1,"open\n2,x\n'), ["a", "b"])).toEqual([
      [2, "a quote is opened and not closed"],
      [3, "2", "x"],
    ]);
  });

  test("rows with too few or too many cells are broken; empty cells too many and blank lines are not", () => {
    const text = "a,b\n1\n\n1,2,3\n1,2,,\n";
    expect(shown(parse(text), ["a", "b"])).toEqual([
      [2, "it has 1 column, the header has 2"],
      [4, "it has 3 columns, the header has 2"],
      [5, "1", "2"],
    ]);
  });

  test("a quote inside a cell without quotes is text", () => {
    expect(shown(parse('a,b\n5" disk,x'), ["a", "b"])).toEqual([[2, '5" disk', "x"]]);
  });

  test.each([
    ["a;b\n1;2,5", [2, "1", "2,5"]],
    ["a\tb\n1\t2", [2, "1", "2"]],
    ["a|b\n1|2", [2, "1", "2"]],
    ['"a,x";b\n1;2', [2, "", "2"]],
    ["sep=;\na;b\n1;2", [3, "1", "2"]],
  ])("finds the delimiter of %j by its header", (text, expected) => {
    expect(shown(parse(text), ["a", "b"])).toEqual([expected]);
  });

  test("gives back whatever cells were written, whatever they hold", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\n", " ", "é"), maxLength: 8 });
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), (rows) => {
        const text = ["a,b", ...rows.map((row) => row.map(quote).join(","))].join("\n");
        expect(shown(parse(text), ["a", "b"]).map((row) => (Array.isArray(row) ? row.slice(1) : row))).toEqual(rows);
      }),
    );
  });

  test("every line of any text ends up in a row or is told of, and nothing throws", () => {
    const line = fc.string({ unit: fc.constantFrom("a", '"', ",", " "), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const readings = parse(["a,b", ...lines].join("\n"));
        const raw = readings.map(({ row }) => row.raw).join("\n");
        expect(raw.split("\n").filter((each) => each.trim() !== "")).toEqual(
          lines.filter((each) => each.trim() !== ""),
        );
      }),
    );
  });
});

describe("dates", () => {
  test.each([
    ["DD-MM-YYYY", "31-01-2024", { kind: "day", day: "2024-01-31" }],
    ["DD-MM-YYYY", "31-02-2024", null],
    ["DD-MM-YYYY", "2024-01-31", null],
    ["M/D/YYYY", "2/9/2024", { kind: "day", day: "2024-02-09" }],
    ["DD MMM YYYY", "09 Feb 2024", { kind: "day", day: "2024-02-09" }],
    ["DD-MM-YYYY HH:mm", "09-02-2024 03:30", { kind: "local", day: "2024-02-09", ms: 12_600_000 }],
    ["M/D/YYYY h:mm A", "2/9/2024 12:05 AM", { kind: "local", day: "2024-02-09", ms: 300_000 }],
    ["DD-MM-YYYY HH:mm", "09-02-2024 24:30", null],
    ["iso", "2024-02-09", { kind: "day", day: "2024-02-09" }],
    ["iso", "2024-02-09T10:00:00+02:00", { kind: "instant", instant: Date.parse("2024-02-09T08:00:00Z") }],
    ["iso", "2024-02-09 10:00:00.123456", { kind: "local", day: "2024-02-09", ms: 36_000_123 }],
    ["epoch-seconds", "1707465600", { kind: "instant", instant: 1_707_465_600_000 }],
    ["epoch-milliseconds", "1707465600000", { kind: "instant", instant: 1_707_465_600_000 }],
  ])("%s reads %j", (format, text, expected) => {
    expect(dateReader(format)?.(text)).toEqual(expected);
  });

  test.each(["", "YYYY", "DD-MM", "hello", "YYYY-MM-DD YYYY", "DD-MM-YY"])("%j is no format", (format) => {
    expect(dateReader(format)).toBeNull();
  });

  test("a local time that a clock change skips or repeats has one moment", () => {
    const at = (day: string, hour: number, minute: number): string =>
      new Date(instantOf("Europe/Vienna", day, (hour * 60 + minute) * 60_000)).toISOString();
    expect(at("2024-07-01", 12, 0)).toBe("2024-07-01T10:00:00.000Z");
    expect(at("2024-03-31", 2, 30)).toBe("2024-03-31T01:30:00.000Z");
    expect(at("2024-10-27", 2, 30)).toBe("2024-10-27T00:30:00.000Z");
    expect(at("2024-10-27", 3, 30)).toBe("2024-10-27T02:30:00.000Z");
  });
});

const ticketFile = {
  match: "tickets.csv",
  account: "customer",
  records: [{ kind: "ticket", id: "id", at: "opened", set: { subject: "subject", status: { constant: "open" } } }],
};

function faultsOf(files: unknown, more: object = {}): string[] {
  const parsed = parseMapping({ source: "desk", files, ...more });
  return parsed.kind === "faults" ? parsed.faults.map((fault) => `${fault.path}: ${fault.message}`) : [];
}

describe("a mapping", () => {
  test("is accepted as it stands in the examples", async () => {
    const { default: example } = await import("../../examples/ravenstack/mapping.json", { with: { type: "json" } });
    expect(parseMapping(example).kind).toBe("mapping");
  });

  test("names every fault at once, with what was meant", () => {
    const faults = faultsOf([
      { ...ticketFile, delimeter: ";", records: [{ ...ticketFile.records[0], set: { subjet: "subject" } }] },
      { match: "x.csv", records: [{ kind: "tiket", id: "id", at: "a" }] },
    ]);
    expect(faults).toEqual([
      'files[0].records[0].set.subjet: unknown key "subjet"; did you mean "subject"?',
      'files[0].delimeter: unknown key "delimeter"; did you mean "delimiter"?',
      expect.stringContaining('did you mean "ticket"?'),
    ]);
  });

  test.each([
    [
      "a column value with a bad key",
      { set: { subject: { column: "s", typ: "text" } } },
      'unknown key "typ"; did you mean "type"?',
    ],
    ["a type that is none", { set: { subject: { column: "s", type: "txt" } } }, "expected"],
    ["a value that is none", { set: { subject: 7 } }, "expected a text or an object"],
  ])("says where it stands: %s", (_name, change, message) => {
    const [fault] = faultsOf([{ ...ticketFile, records: [{ ...ticketFile.records[0], ...change }] }]);
    expect(fault).toContain("files[0].records[0].set.subject");
    expect(fault).toContain(message);
  });

  test("names the user of an event, of a day's total nobody", async () => {
    const usage = {
      kind: "usage",
      id: "id",
      name: { constant: "logins" },
      day: "on",
      value: { constant: 1 },
      user: "who",
    };
    const records = [{ ...usage, mode: "event" }];
    expect(faultsOf([{ ...ticketFile, records: [usage] }])).toEqual([
      'files[0].records[0].user: a day\'s total has no user: expected "mode": "event" beside it',
    ]);
    const rows = await mapAll("id,on,who\n1,2024-02-01,ann\n2,2024-02-01,\n", { account: "id", records });
    expect(rows.map(({ inputs }) => inputs[0]?.input)).toEqual([
      {
        kind: "usage",
        mode: "event",
        account: "acme",
        name: "logins",
        day: "2024-02-01",
        value: 1,
        id: "1",
        user: "ann",
      },
      { kind: "usage", mode: "event", account: "acme", name: "logins", day: "2024-02-01", value: 1, id: "2" },
    ]);
  });

  test("must say whose rows they are, and join by what its checks look at", () => {
    const { account: _, ...nobodys } = ticketFile;
    expect(faultsOf([nobodys])).toEqual([
      'files[0].records[0]: a file of ticket records needs "account": whose row it is',
    ]);
    const checks = [
      { warn: "early", value: "opened", before: "subscription.startsOn" },
      { warn: "early", value: "opened", before: "account.begunOn" },
      { warn: "both", reject: "both", value: "opened", before: "account.beganOn" },
    ];
    expect(faultsOf([{ ...ticketFile, checks: checks.slice(0, 2) }])).toEqual([
      'files[0].checks[0].before: the file is not joined by subscription: its "account" must say "via": "subscription"',
      'files[0].checks[1].before: a account has no field "begunOn"; did you mean "beganOn"?',
    ]);
    expect(faultsOf([{ ...ticketFile, checks: checks.slice(2) }])).toEqual([
      'files[0].checks[0]: a check has either "warn" or "reject"',
    ]);
  });
});

let files = 0;

async function fileOf(content: string | Buffer, file: object, more: object = {}): Promise<MappedFile> {
  files += 1;
  const path = join(folder, `file-${files}`);
  await writeFile(path, content);
  const parsed = parseMapping({ source: "desk", files: [{ ...ticketFile, ...file }], ...more });
  if (parsed.kind === "faults") throw new Error(JSON.stringify(parsed.faults));
  const [mapping] = parsed.mapping.files;
  if (mapping === undefined) throw new Error("no file");
  return mapFile(path, mapping, parsed.mapping);
}

async function rowsOf(file: MappedFile): Promise<{ rows: FileRow[]; broken: { line: number; reason: string }[] }> {
  const rows: FileRow[] = [];
  const broken: { line: number; reason: string }[] = [];
  for await (const batch of file.read()) {
    rows.push(...batch.rows);
    broken.push(...batch.broken.map(({ line, reason }) => ({ line, reason })));
  }
  return { rows, broken };
}

async function mapAll(content: string | Buffer, file: object, more: object = {}): Promise<MappedRow[]> {
  const mapped = await fileOf(content, file, more);
  const { rows } = await rowsOf(mapped);
  return rows.map((row) => mapped.map(row, "acme", { record: {}, account: {} }));
}

function subscriptionOf(set: object): object {
  return { account: "id", records: [{ kind: "subscription", id: "id", at: "opened", set }] };
}

async function setOf(header: string, row: string, set: object, file: object = {}): Promise<unknown> {
  const [mapped] = await mapAll(`id,opened,${header}\n1,2024-02-01,${row}\n`, { ...subscriptionOf(set), ...file });
  const input = mapped?.inputs[0]?.input;
  return input !== undefined && "set" in input ? input.set : mapped?.faults[0]?.reason;
}

describe("values", () => {
  test("read what the field wants: days, whole numbers, booleans, money in minor units of the row's currency", async () => {
    const set = {
      startsOn: "s",
      seats: "n",
      trial: "t",
      amountMinor: "m",
      currency: "c",
      interval: { constant: "month" },
    };
    expect(await setOf("s,n,t,m,c", '2024-01-05,"1,200",no,12.345,EUR', set)).toEqual({
      startsOn: "2024-01-05",
      seats: 1200,
      trial: false,
      amountMinor: 1235,
      currency: "EUR",
      interval: "month",
    });
    expect(await setOf("m", "1200", { amountMinor: "m", currency: { constant: "JPY" } })).toMatchObject({
      amountMinor: 1200,
    });
    expect(await setOf("m", "1200", { amountMinor: { column: "m", unit: "minor" } })).toMatchObject({
      amountMinor: 1200,
    });
  });

  test("know decimal commas, and do not take one for the other", async () => {
    const set = { amountMinor: "m", currency: { constant: "EUR" } };
    expect(await setOf("m", '"1.234,50"', set, { decimal: "," })).toMatchObject({ amountMinor: 123_450 });
    expect(await setOf("m", '"1,5"', set)).toBe('column m: "1,5" is not an amount of money');
  });

  test.each([
    ["omit", {}, { plan: "pro" }],
    ["null", { empty: "null" }, { plan: "pro", seats: null }],
    ["reject", { empty: "reject" }, "column n is empty"],
  ])("an empty cell can %s", async (_name, empty, expected) => {
    expect(await setOf("p,n", "pro,", { plan: "p", seats: { column: "n", ...empty } })).toEqual(expected);
  });

  test("a map refuses what it does not know, unless told otherwise", async () => {
    const map = { Paid: "active", Trial: null };
    expect(await setOf("s", "Paid", { status: { column: "s", map } })).toEqual({ status: "active" });
    expect(await setOf("s", "Trial", { status: { column: "s", map } })).toEqual({ status: null });
    expect(await setOf("s", "Gone", { status: { column: "s", map } })).toBe(
      'column s: "Gone" is not in the map (Paid, Trial)',
    );
    expect(await setOf("s", "Gone", { status: { column: "s", map, otherwise: "canceled" } })).toEqual({
      status: "canceled",
    });
    expect(await setOf("s", "Gone", { status: "s" })).toContain("set.status");
  });

  test("a day alone is its start in the zone, and a time can be added from another column", async () => {
    const template = {
      kind: "ticket",
      id: ["id", { constant: "x" }],
      at: { column: "opened", plus: { column: "wait", unit: "minutes" } },
      set: { status: { constant: "open" } },
    };
    const [mapped] = await mapAll("id,opened,wait\n1,01.07.2024,90\n", {
      dates: "DD.MM.YYYY",
      zone: "Europe/Vienna",
      account: "id",
      records: [template],
    });
    expect(mapped?.inputs[0]?.input).toMatchObject({ id: "1:x", at: "2024-06-30T23:30:00.000Z" });
  });

  test("a template waits for its condition, and a bad row gives a fault with its kind", async () => {
    const records = [
      { kind: "ticket", id: "id", at: "opened", set: { status: { constant: "open" } } },
      { kind: "ticket", id: "id", when: "closed", at: "closed", set: { status: { constant: "closed" } } },
      {
        kind: "survey",
        id: "id",
        when: { column: "score", isNot: ["", "-"] },
        at: "closed",
        set: { type: { constant: "csat" }, score: "score" },
      },
    ];
    const text =
      "id,opened,closed,score\n1,2024-01-01,,-\n2,2024-01-01,2024-01-03,5\n3,2024-01-01,later,x\n,2024-01-01,,\n";
    const mapped = await mapAll(text, { account: "id", records });
    expect(mapped.map((row) => row.inputs.length)).toEqual([1, 3, 1, 0]);
    expect(mapped[2]?.faults).toMatchObject([
      {
        kind: "ticket",
        reason: 'column closed: "later" is not a date written as iso',
        cause: "column closed: a text is not a date written as iso",
      },
      { kind: "survey" },
    ]);
    expect(mapped[3]?.faults).toMatchObject([{ kind: "ticket", reason: "column id is empty" }]);
  });

  test("a file says how far it goes by a day or by the newest day of a column", async () => {
    const file = await fileOf("id,opened,customer,subject\n1,2024-02-01,a,x\n2,2024-03-05,a,x\n3,2024-01-01,a,x\n", {
      completeThrough: { max: "opened" },
    });
    const { rows } = await rowsOf(file);
    for (const row of rows) file.map(row, "a", { record: {}, account: {} });
    expect(file.completeThrough()).toEqual([{ kind: "ticket", throughDay: "2024-03-05", backfilled: true }]);
  });

  test("checks compare a day with the joined record, the account or another column", async () => {
    const file = await fileOf("id,opened,customer,subject,due\n1,2024-02-01,a,x,2024-01-15\n", {
      account: { via: "subscription", id: "customer" },
      checks: [
        { warn: "before start", value: "opened", before: "subscription.startsOn" },
        { warn: "after end", value: "opened", after: "subscription.endsOn" },
        { warn: "before signup", value: "opened", before: "account.beganOn" },
        { reject: "after due", value: "opened", after: { column: "due" } },
      ],
    });
    const [row] = (await rowsOf(file)).rows;
    if (row === undefined) throw new Error("no row");
    const mapped = file.map(row, "a", {
      record: { startsOn: "2024-02-02", endsOn: null },
      account: { beganOn: "2024-02-01" },
    });
    expect(mapped.warnings).toEqual(["before start"]);
    expect(mapped.inputs).toEqual([]);
    expect(mapped.faults).toMatchObject([{ kind: "ticket", reason: "after due" }]);
  });
});

describe("files", () => {
  const text = "id;opened;customer;subject\r\n1;2024-02-01;acme;Größe\r\n";

  test.each([
    ["utf-8", Buffer.from(`\ufeff${text}`)],
    ["latin1", encode(text, "latin1")],
    ["windows-1252", encode(text, "windows-1252")],
    ["utf-16", encode(text, "utf-16", { addBOM: true })],
  ])("%s is read, with its mark or without", async (encoding, content) => {
    const [mapped] = await mapAll(content, { encoding });
    expect(mapped?.inputs[0]?.input).toMatchObject({ id: "1", set: { subject: "Größe" } });
  });

  test("lines may end with CR alone", async () => {
    expect((await mapAll(text.replaceAll("\r\n", "\r"), {})).length).toBe(1);
  });

  test("NDJSON names nested keys by dots, and a broken line stands alone", async () => {
    const lines = [
      '{"id":1,"opened":"2024-02-01","who":{"customer":"acme"},"subject":null}',
      "{broken",
      "[1]",
      "",
      '{"id":"2","opened":"2024-02-01","who":{"customer":"acme"},"subject":true}',
    ];
    const file = await fileOf(lines.join("\n"), { format: "ndjson", account: "who.customer" });
    const { rows, broken } = await rowsOf(file);
    expect(rows.map((row) => [row.line, file.ownerOf(row), row.cell("subject")])).toEqual([
      [1, { kind: "named", name: "acme" }, ""],
      [5, { kind: "named", name: "acme" }, "true"],
    ]);
    expect(broken).toEqual([
      { line: 2, reason: "it is not JSON" },
      { line: 3, reason: "it is not a JSON object" },
    ]);
  });

  test("a line without end is cut and told of, and the next one is read", async () => {
    const long = `1,2024-02-01,acme,${"x".repeat(3_000_000)}`;
    const file = await fileOf(`id,opened,customer,subject\n${long}\n2,2024-02-01,acme,y\n`, {});
    const { rows, broken } = await rowsOf(file);
    expect(broken).toEqual([{ line: 2, reason: "the line is longer than 1000000 characters" }]);
    expect(rows.map((row) => [row.line, row.cell("id")])).toEqual([[3, "2"]]);
  });

  test("a column that is not there is named with the one that was meant", async () => {
    const misspelt = fileOf("id,opend,customer,subject\n1,2024-02-01,acme,x\n", {});
    await expect(misspelt).rejects.toThrow('no column "opened"; did you mean "opend"?');
    await expect(fileOf("", {})).rejects.toThrow("it has no header");
  });

  test("are paired with the mapping in its order; a named file that fits nothing is a fault, in a folder it is passed over", async () => {
    const set = await mkdtemp(join(folder, "set-"));
    for (const name of ["b_usage.csv", "a_Accounts.CSV", "notes.txt"]) await writeFile(join(set, name), "");
    const parsed = parseMapping({
      source: "desk",
      files: [
        { ...ticketFile, match: "*accounts.csv" },
        { ...ticketFile, match: "?_usage.csv" },
      ],
    });
    if (parsed.kind === "faults") throw new Error(JSON.stringify(parsed.faults));
    const paired = await pairFiles([set], parsed.mapping);
    expect(paired.faults).toEqual([]);
    expect(paired.pairs.map(({ index, path }) => [index, path.slice(set.length + 1)])).toEqual([
      [0, "a_Accounts.CSV"],
      [1, "b_usage.csv"],
    ]);
    const bad = await pairFiles([join(set, "notes.txt"), join(set, "none.csv")], parsed.mapping);
    expect(bad.faults).toEqual([
      expect.stringContaining("its name matches none of *accounts.csv, ?_usage.csv"),
      expect.stringContaining("there is no file"),
    ]);
  });
});
