import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnreadableBody } from "../../../src/integrations/hook-port.ts";
import { longId } from "../../../src/integrations/salesforce/ids.ts";
import { readOutboundMessage } from "../../../src/integrations/salesforce/outbound-message.ts";
import { type HttpStub, say, startHttpStub } from "../http-stub.ts";
import { messageOf } from "./messages.ts";
import { idOf } from "./organization.ts";

const acme = { id: idOf("04l", 1), object: "Account", fields: { Id: idOf("001", 1), Name: "Acme" } };
const plain = messageOf({ notifications: [acme] });

function read(text: string | Buffer) {
  return readOutboundMessage(typeof text === "string" ? Buffer.from(text, "utf8") : text);
}

function refusal(text: string | Buffer): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof UnreadableBody) return error.message;
    throw error;
  }
  throw new Error("it was read");
}

/** The message with something put before its root, or in place of a value. */
const withProlog = (prolog: string) => plain.replace("<soapenv:Envelope", `${prolog}<soapenv:Envelope`);
const withName = (name: string) => plain.replace("<sf:Name>Acme</sf:Name>", `<sf:Name>${name}</sf:Name>`);

describe("an outbound message", () => {
  test("is read with its fields as texts", () => {
    const fields = { Id: idOf("001", 1), Name: 'A & B <"ä❤">\nline', Website: null, Amount: "12.5" };
    const message = read(messageOf({ notifications: [{ ...acme, fields }] }));
    expect(message).toEqual({
      organization: "00D000000000001AAA",
      notifications: [{ id: acme.id, object: "Account", fields }],
    });
  });

  test("keeps nothing of its session", () => {
    const text = messageOf({ sessionId: "00D000000000001!AQ4AQ.canary", notifications: [acme] });
    expect(JSON.stringify(read(text))).not.toMatch(/canary|AQ4AQ|Soap/);
  });

  test("has the characters of references and of CDATA", () => {
    expect(read(withName("A&#66;&#x43;<![CDATA[<d>]]>")).notifications[0]?.fields["Name"]).toBe("ABC<d>");
  });

  test("has no fields of what is nested in a field", () => {
    const text = withName("Acme").replace(
      "<sf:Name>",
      "<sf:BillingAddress><sf:city>Graz</sf:city></sf:BillingAddress><sf:Name>",
    );
    expect(read(text).notifications[0]?.fields).toEqual(acme.fields);
  });

  test("has up to 100 notifications", () => {
    const notifications = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...acme, id: idOf("04l", index + 1) }));
    expect(read(messageOf({ notifications: notifications(100) })).notifications).toHaveLength(100);
    expect(refusal(messageOf({ notifications: notifications(101) }))).toBe("it has more than 100 notifications");
  });

  test("may begin with a byte order mark", () => {
    expect(read(`\ufeff${plain}`).notifications).toHaveLength(1);
  });

  test("is none in another namespace", () => {
    expect(refusal(plain.replace("http://soap.sforce.com/2005/09/outbound", "urn:other"))).toBe(
      "it is no outbound message",
    );
  });

  test.each([
    ["without an organization", plain.replace(/<OrganizationId>.*?<\/OrganizationId>/, "")],
    ["without notifications", messageOf({ notifications: [] })],
    ["without the object's id", messageOf({ notifications: [{ ...acme, fields: { Name: "Acme" } }] })],
    ["without a type", plain.replace('xsi:type="sf:Account"', "")],
  ])("is none %s", (_what, text) => {
    expect(refusal(text)).toBe("it is no outbound message");
  });
});

describe("what would make a parser do more than read is refused", () => {
  let canary: HttpStub;
  let folder: string;
  let file: string;
  beforeAll(async () => {
    canary = await startHttpStub(say(200, {}, '<!ENTITY got "GOT-BY-NETWORK">'));
    folder = mkdtempSync(join(tmpdir(), "keepwell-canary-"));
    file = join(folder, "canary.txt");
    writeFileSync(file, "GOT-FROM-FILE");
  });
  afterAll(async () => {
    await canary.close();
    rmSync(folder, { recursive: true });
  });

  const fileUrl = () => pathToFileURL(file).href;
  const httpUrl = () => `http://127.0.0.1:${canary.port}/canary.dtd`;
  const laughs = Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join("");

  const attacks: readonly (readonly [string, () => string | Buffer])[] = [
    [
      "a file as an entity",
      () => withProlog(`<!DOCTYPE x [<!ENTITY f SYSTEM "${fileUrl()}">]>`).replace("Acme<", "&f;<"),
    ],
    [
      "an address as an entity",
      () => withProlog(`<!DOCTYPE x [<!ENTITY f SYSTEM "${httpUrl()}">]>`).replace("Acme<", "&f;<"),
    ],
    [
      "a public entity",
      () => withProlog(`<!DOCTYPE x [<!ENTITY f PUBLIC "p" "${httpUrl()}">]>`).replace("Acme<", "&f;<"),
    ],
    ["an external DTD", () => withProlog(`<!DOCTYPE x SYSTEM "${httpUrl()}">`)],
    ["a parameter entity", () => withProlog(`<!DOCTYPE x [<!ENTITY % p SYSTEM "${httpUrl()}"> %p;]>`)],
    [
      "a file out by an address",
      () => withProlog(`<!DOCTYPE x [<!ENTITY % f SYSTEM "${fileUrl()}"><!ENTITY % d SYSTEM "${httpUrl()}"> %d;]>`),
    ],
    ["a billion laughs", () => withProlog(`<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]>`).replace("Acme<", "&l12;<")],
    [
      "one big entity many times",
      () =>
        withProlog(`<!DOCTYPE x [<!ENTITY a "${"a".repeat(50_000)}">]>`).replace("Acme<", `${"&a;".repeat(9_000)}<`),
    ],
    [
      "an entity of its own in the right place",
      () => withProlog('<!DOCTYPE x [<!ENTITY f "v">]>').replace("Acme<", "&f;<"),
    ],
    ["a document type in small letters", () => withProlog("<!doctype x>")],
    ["a document type behind a space", () => withProlog("<! DOCTYPE x>")],
    ["a document type within a comment", () => withProlog("<!-- <!DOCTYPE x> -->")],
    ["a comment", () => withName("<!-- -->")],
    ["a document type within the root", () => withName("<!DOCTYPE x>")],
    ["an entity nobody knows", () => withName("&unknown;")],
    ["a style sheet", () => withProlog(`<?xml-stylesheet href="${httpUrl()}"?>`)],
    ["an inclusion by instruction", () => withName(`<?include ${fileUrl()}?>`)],
    ["UTF-16, little end first", () => Buffer.from(`\ufeff${withProlog("<!DOCTYPE x>")}`, "utf16le")],
    ["UTF-16, big end first", () => Buffer.from(`\ufeff${plain}`, "utf16le").swap16()],
    ["UTF-16 without a mark", () => Buffer.from(plain, "utf16le")],
    ["UTF-32", () => Buffer.from(Array.from(plain).flatMap((each) => [0, 0, 0, each.charCodeAt(0)]))],
    ["UTF-7", () => plain.replace("UTF-8", "UTF-7").replace("Acme<", "+ADw-!DOCTYPE x+AD4-<")],
    ["EBCDIC", () => plain.replace("UTF-8", "IBM037")],
    ["Latin-1 by name", () => plain.replace("UTF-8", "ISO-8859-1")],
    ["Latin-1 by bytes", () => Buffer.from(withName("Zoë"), "latin1")],
    ["overlong UTF-8", () => Buffer.concat([Buffer.from([0xc0, 0xbc]), Buffer.from(plain)])],
    [
      "a surrogate in UTF-8",
      () => Buffer.concat([Buffer.from("<a>"), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from("</a>")]),
    ],
    ["XML 1.1", () => plain.replace('version="1.0"', 'version="1.1"')],
    ["a NUL", () => withName("a\u0000b")],
    ["a reference to NUL", () => withName("a&#0;b")],
    ["a flood of references", () => withName("&#65;".repeat(20_001))],
    ["a flood of hexadecimal references", () => withName("&#x1F600;".repeat(30_000))],
    ["a reference with a million zeros", () => withName(`&#x${"0".repeat(900_000)}g;`)],
    ["a flood of elements", () => withName("<a/>".repeat(50_000))],
    ["depth", () => `${"<a>".repeat(100_000)}`],
    ["depth within a field", () => withName(`${"<a>".repeat(20)}${"</a>".repeat(20)}`)],
    ["length", () => withName("x".repeat(1024 * 1024))],
    ["a broken end", () => plain.slice(0, -10)],
    ["two roots", () => `${plain}<again/>`],
    ["text behind the root", () => `${plain}text`],
    ["nothing", () => ""],
    ["JSON", () => "{}"],
  ];

  test.each(attacks)("%s", (_what, attack) => {
    expect(refusal(attack())).not.toMatch(/GOT-|canary|file:|http:/);
  });

  test.each([
    Buffer.from(`\ufeff${plain}`, "utf16le"),
    Buffer.from(plain, "utf16le"),
    Buffer.from(`\ufeff${plain}`, "utf16le").swap16(),
    Buffer.from(withName("Zoë"), "latin1"),
    Buffer.from(plain.replace("UTF-8", "UTF-16")),
  ])("another encoding is refused as such, not as what it looks like (%#)", (bytes) => {
    expect(refusal(bytes)).toBe("its encoding is not UTF-8");
  });

  test("and nobody asked the network", () => {
    expect(canary.requests).toHaveLength(0);
  });

  test("an inclusion (XInclude, schemaLocation) is only text", () => {
    const include = `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="${fileUrl()}"/>`;
    expect(read(withName(include)).notifications[0]?.fields).toEqual({ Id: idOf("001", 1) });
    const located = plain.replace("<notifications ", `<notifications xsi:schemaLocation="urn:x ${httpUrl()}" `);
    expect(read(located).notifications).toHaveLength(1);
    expect(canary.requests).toHaveLength(0);
  });

  test("the parser has no way to files or the network: neither it nor what it needs asks for one", () => {
    const script = `
      const Module = require("node:module");
      const asked = [];
      const load = Module._load;
      Module._load = (name, ...rest) => { asked.push(name); return load(name, ...rest); };
      require("saxes");
      process.stdout.write(JSON.stringify(asked));`;
    const asked: string[] = JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }));
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.filter((name) => !/saxes|xmlchars/.test(name))).toEqual([]);
  });
});

test("whatever bytes come, it is read or refused, never anything else", () => {
  const bytes = Buffer.from(plain, "utf8");
  const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(flips, (changes) => {
      const changed = Buffer.from(bytes);
      for (const [index, byte] of changes) changed[index] = byte;
      try {
        expect(read(changed).notifications).toHaveLength(1);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableBody);
      }
    }),
    { numRuns: 1_000 },
  );
});

const recorded = "../shared/specs/salesforce/outbound-message.sample.xml";

test.skipIf(!existsSync(recorded))(`the recorded message in ${recorded} is read (skipped where it is not)`, () => {
  const { organization, notifications } = read(readFileSync(recorded));
  expect(organization).toMatch(/^00D/);
  const ids = notifications.flatMap(({ id, fields }) => [id, fields["Id"] ?? "", fields["OwnerId"] ?? ""]);
  expect(ids.map((id) => longId(id.slice(0, 15)))).toEqual(ids);
  expect(notifications).toEqual([
    {
      id: "04lR0000000CcIFIA0",
      object: "Design_Registration__c",
      fields: { Id: "a06R00000009QZaIAM", DP_reg_id__c: "JXD08-7CLLB7", Name: "URT", OwnerId: "00540000000mBqsAAE" },
    },
  ]);
});
