import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import type { Source } from "../../src/integrations/source-port.ts";
import { listInbox } from "../../src/store/inbox/list.ts";
import { test } from "../support/database.ts";
import { type Api, serve } from "./api.ts";
import { malformed } from "./malformed-json.ts";
import { isStandard, type Sender, secretsOf, senders } from "./webhook-senders.ts";

const now = new Date("2026-03-10T12:00:00Z");
const publicUrl = "https://keepwell.example.com";

interface Attack {
  readonly what: string;
  readonly raw: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

function openSender(sender: Sender): Source {
  const { current, next } = secretsOf(sender.name);
  return sender.open(({ env }) => (env === "NEXT" ? next : current));
}

function delivery(
  sender: Sender,
  number: number,
  options: { raw?: Buffer; at?: Date; secret?: string } = {},
): Omit<Attack, "what"> {
  const { raw = Buffer.from(sender.body(number)), at = now, secret = secretsOf(sender.name).current } = options;
  const headers = sender.sign({ raw, at, secret, number, url: `${publicUrl}/webhooks/${sender.name}` });
  return { raw, headers: { "content-type": "application/json", ...headers } };
}

/** The same delivery with one thing wrong. */
function attacksOf(sender: Sender): readonly Attack[] {
  return [
    ...wrongProofs(sender),
    ...(sender.signsBody ? wrongBodies(sender) : []),
    ...(sender.signsTime ? wrongTimes(sender) : []),
    ...packed(sender),
    ...unreadable(sender),
  ];
}

function wrongProofs(sender: Sender): Attack[] {
  const good = delivery(sender, 900);
  const other = secretsOf("another source");
  const proofs = Object.keys(good.headers).filter((name) => name !== "content-type");
  const without = (gone: string) => Object.fromEntries(Object.entries(good.headers).filter(([name]) => name !== gone));
  const strangeSecrets = isStandard(sender.name) ? [] : [other.current, ""];
  return [
    { what: "no header at all", raw: good.raw, headers: {} },
    ...proofs.map((name) => ({ what: `${name} is missing`, raw: good.raw, headers: without(name) })),
    ...proofs.map((name) => ({ what: `${name} is empty`, raw: good.raw, headers: { ...good.headers, [name]: "" } })),
    ...proofs.flatMap((name) =>
      flips(good.headers[name] ?? "").map((value) => ({
        what: `a sign of ${name} is another`,
        raw: good.raw,
        headers: { ...good.headers, [name]: value },
      })),
    ),
    ...proofs.map((name) => {
      const [wrong = ""] = flips(good.headers[name] ?? "");
      return { what: `${name} comes twice`, raw: good.raw, headers: { ...good.headers, [name]: `${wrong}, ${wrong}` } };
    }),
    {
      what: "a secret that was in use before",
      ...delivery(sender, 901, { secret: secretsOf(sender.name).rotatedOut }),
    },
    ...strangeSecrets.map((secret) => ({ what: "the secret of another source", ...delivery(sender, 902, { secret }) })),
  ];
}

/** The text with each of some signs changed: letters and digits into others. */
function flips(text: string): string[] {
  const places = [...text].flatMap((sign, index) => (/[A-Za-z0-9]/.test(sign) ? [index] : []));
  const some = places.filter((_, index) => index % Math.max(1, Math.floor(places.length / 12)) === 0);
  return some.map((at) => `${text.slice(0, at)}${text[at] === "7" ? "8" : "7"}${text.slice(at + 1)}`);
}

function wrongBodies(sender: Sender): Attack[] {
  const good = delivery(sender, 910);
  const { raw, headers } = good;
  const flipped = Array.from({ length: 20 }, (_, index) => {
    const copy = Buffer.from(raw);
    const at = Math.floor((index / 20) * copy.length);
    copy.writeUInt8((copy[at] ?? 0) ^ (1 << (index % 8)), at);
    return { what: `bit ${index % 8} of byte ${at} is another`, raw: copy, headers };
  });
  const parsed: unknown = JSON.parse(raw.toString("utf8"));
  return [
    ...flipped,
    { what: "written anew with spaces", raw: Buffer.from(JSON.stringify(parsed, null, 1)), headers },
    { what: "cut off", raw: raw.subarray(0, -1), headers },
    { what: "a byte more", raw: Buffer.concat([raw, Buffer.from(" ")]), headers },
    { what: "a byte order mark before it", raw: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), raw]), headers },
    { what: "nothing", raw: Buffer.alloc(0), headers },
    { what: "in UTF-16", raw: Buffer.from(raw.toString("utf8"), "utf16le"), headers },
    { what: "another delivery's body", raw: Buffer.from(sender.body(911)), headers },
  ];
}

const secondsAway = (seconds: number) => new Date(now.getTime() + seconds * 1000);

function wrongTimes(sender: Sender): Attack[] {
  return [-301, 301, -86_400].map((seconds) => ({
    what: `signed ${seconds} s from now`,
    ...delivery(sender, 920, { at: secondsAway(seconds) }),
  }));
}

/** Packed once: it takes a second. */
const bomb = Buffer.alloc(50_000_000, "[");
const gzipBomb = gzipSync(bomb);
const brotliBomb = brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });

function packed(sender: Sender): Attack[] {
  const good = delivery(sender, 930);
  return [
    { what: "a gzip bomb", ...withEncoding(delivery(sender, 931, { raw: gzipBomb }), "gzip") },
    { what: "a brotli bomb", ...withEncoding(delivery(sender, 932, { raw: brotliBomb }), "br") },
    { what: "packed, the plain body signed", ...withEncoding({ ...good, raw: gzipSync(good.raw) }, "gzip") },
    { what: "packed by nobody knows what", ...withEncoding(good, "lzma") },
  ];
}

function withEncoding({ raw, headers }: Omit<Attack, "what">, encoding: string): Omit<Attack, "what"> {
  return { raw, headers: { ...headers, "content-encoding": encoding } };
}

function unreadable(sender: Sender): Attack[] {
  const nested = (open: string, close: string, depth: number) => Buffer.from(open.repeat(depth) + close.repeat(depth));
  const bodies: readonly (readonly [string, Buffer])[] = [
    ...malformed.map(([what, text]) => [what, Buffer.from(text)] as const),
    ["more than a megabyte", Buffer.from(`"${"x".repeat(1024 * 1024)}"`)],
    ["33 lists in one another", nested("[", "]", 33)],
    ["400,000 lists in one another", nested("[", "]", 400_000)],
    ["100,000 objects in one another", Buffer.from('{"a":'.repeat(100_000))],
    [
      "a byte order mark, then 400,000 lists",
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), nested("[", "]", 400_000)]),
    ],
    ["half a million empty lists", Buffer.from(`[${"[],".repeat(340_000)}[]]`)],
    ["nothing, signed", Buffer.alloc(0)],
    ["a number", Buffer.from("1")],
    ["null", Buffer.from("null")],
  ];
  return bodies.map(([what, raw], index) => ({ what: `signed: ${what}`, ...delivery(sender, 1000 + index, { raw }) }));
}

async function post(api: Api, sender: Sender, { raw, headers }: Omit<Attack, "what">): Promise<number> {
  return (await api.call("POST", `/webhooks/${sender.name}`, { body: raw, headers })).status;
}

async function postAll(api: Api, sender: Sender, all: readonly Attack[]): Promise<(readonly [string, number])[]> {
  const statuses: (readonly [string, number])[] = [];
  for (const attack of all) statuses.push([attack.what, await post(api, sender, attack)]);
  return statuses;
}

/** What the sender has signed, and the hook takes. */
function isHarmless(sender: Sender, what: string): boolean {
  // These take any JSON, and a number is one: nothing is found in it when it is read.
  const takesAny = ["json-hook", "bearer", "segment"].includes(sender.name);
  return takesAny && ["signed: a number", "signed: null", "signed: half a million empty lists"].includes(what);
}

describe("of what is sent to webhooks", () => {
  test.for(senders.map((sender) => [sender.name, sender] as const))(
    "%s: nothing forged, stale or unreadable is kept, and everything sound is",
    { timeout: 60_000 },
    async ([, sender], { db }) => {
      const api = await serve(db, { sources: [openSender(sender)], publicUrl, now: () => now });
      const controls = [
        delivery(sender, 1),
        delivery(sender, 2, { secret: secretsOf(sender.name).next }),
        ...(sender.signsTime
          ? [delivery(sender, 3, { at: secondsAway(-299) }), delivery(sender, 4, { at: secondsAway(299) })]
          : []),
      ];
      const controlStatuses: number[] = [];
      for (const control of controls) controlStatuses.push(await post(api, sender, control));
      expect(controlStatuses).toEqual(controls.map(() => 200));
      const attacks = attacksOf(sender).filter(({ what }) => !isHarmless(sender, what));
      const statuses = await postAll(api, sender, attacks);
      const kept = await listInbox(db, { limit: 1000 });
      const accepted = statuses.filter(([, status]) => status < 400);
      const broken = statuses.filter(([, status]) => status >= 500);
      process.stdout.write(
        `${sender.name}: ${attacks.length} attacks, ${accepted.length} accepted, ${broken.length} answered 5xx; ` +
          `${controlStatuses.length} of ${controls.length} controls accepted\n`,
      );
      expect({ accepted, broken }).toEqual({ accepted: [], broken: [] });
      expect(kept).toHaveLength(controls.length);
      // A replay within five minutes is accepted and changes nothing.
      expect(await post(api, sender, delivery(sender, 1))).toBe(200);
      expect(await listInbox(db, { limit: 1000 })).toHaveLength(controls.length);
      await api.server.stop();
    },
  );
});
