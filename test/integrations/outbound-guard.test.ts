import type { LookupAddress } from "node:dns";
import { connect, isIP, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedTarget, type Resolve } from "../../src/integrations/outbound-guard.ts";
import { type DialTarget, type Exchange, openOutbound } from "../../src/integrations/outbound-http.ts";
import { type HttpStub, say, startHttpStub } from "./http-stub.ts";

/** Listens on loopback. Whatever is dialled ends here, as tests cannot and must not reach the public internet. */
let canary: HttpStub;
/** Addresses that would have been connected to. */
let dialled: string[] = [];

beforeAll(async () => {
  canary = await startHttpStub(say(200, {}, "canary"));
});

afterAll(() => canary.close());

beforeEach(() => {
  dialled = [];
  canary.requests.length = 0;
});

/** Connects as Node does, a literal as it is and a name by its lookup, but always to the canary. */
function dial({ host, lookup }: DialTarget): Socket {
  if (isIP(host) !== 0) {
    dialled.push(host);
    return connect({ host: "127.0.0.1", port: canary.port });
  }
  return connect({
    host,
    port: canary.port,
    lookup: (hostname, options, callback) =>
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        const first = Array.isArray(addresses) ? addresses[0] : undefined;
        if (error !== null || first === undefined) return callback(error, []);
        dialled.push(first.address);
        const loopback = { address: "127.0.0.1", family: 4 };
        return options.all === true ? callback(null, [loopback]) : callback(null, "127.0.0.1", 4);
      }),
  });
}

/** Opens and posts; a URL that is refused at once gives the words of the refusal. */
async function call(url: string, over: { allowPrivate?: boolean; resolve?: Resolve } = {}): Promise<Exchange | string> {
  try {
    const outbound = openOutbound({ url, deadlineMs: 20_000, allowPrivate: false, dial, ...over });
    return await outbound.post(Buffer.from("{}"), {}, new AbortController().signal);
  } catch (error) {
    return error instanceof Error ? error.message : "thrown";
  }
}

const loopbackForms = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "017700000001",
  "0x7f000001",
  "0x7F.1",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "0177.0.0.01",
  "0177.0.0x0.1",
  "127.0.0.0x1",
  "127.0x000001",
  "0000177.0.0.1",
  "0x0000007f.0x1",
  "１２７.０.０.１",
  "127。0。0。1",
  "127．0．0．1",
  "①②⑦.0.0.1",
  "0x７f.1",
  "%31%32%37.0.0.1",
  "127.0.0.%31",
];

const innerForms = [
  "0.0.0.0",
  "0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "0xa.1",
  "100.64.0.1",
  "100.127.255.254",
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.170.2",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.255.255",
  "192.0.0.1",
  "192.0.0.192",
  "192.0.2.1",
  "192.31.196.1",
  "192.52.193.1",
  "192.88.99.1",
  "192.175.48.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "4294967295",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[0000:0000:0000:0000:0000:0000:0000:0001]",
  "[::127.0.0.1]",
  "[::7f00:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:0:127.0.0.1]",
  "[::ffff:93.184.216.34]",
  "[0:0:0:0:0:ffff:10.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::1]",
  "[100::1]",
  "[2001::1]",
  "[2001:2::1]",
  "[2001:10::1]",
  "[2001:20::1]",
  "[2001:db8::1]",
  "[2002:7f00:1::]",
  "[2002:a9fe:a9fe::1]",
  "[3fff::1]",
  "[4000::1]",
  "[5f00::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[febf::1]",
  "[fec0::1]",
  "[ff02::1]",
];

const publicForms = [
  ["93.184.216.34", "93.184.216.34"],
  ["0x01010101", "1.1.1.1"],
  ["0127.0.0.1", "87.0.0.1"],
  ["172.32.0.1", "172.32.0.1"],
  ["100.128.0.1", "100.128.0.1"],
  ["[2606:4700:4700::1111]", "2606:4700:4700::1111"],
] as const;

describe("an address", () => {
  test.each([...loopbackForms, ...innerForms])("written as %s is never called", async (host) => {
    expect(await call(`https://${host}:8443/hook`)).toMatch(
      /^the host of the URL is not public: |^the URL is not a valid/,
    );
    expect([dialled, canary.requests]).toEqual([[], []]);
  });

  // Shows that the forms above are live: without the guard they do lead to loopback.
  test.each(loopbackForms)("written as %s reaches loopback where private receivers are allowed", async (host) => {
    expect(await call(`https://${host}:8443/hook`, { allowPrivate: true })).toMatchObject({ text: "canary" });
    expect(dialled[0]).toMatch(/^127\./);
  });

  test.each(publicForms)("written as %s is called at %s", async (host, address) => {
    expect(await call(`https://${host}:8443/hook`)).toMatchObject({ kind: "answered", status: 200 });
    expect(dialled).toEqual([address]);
  });
});

describe("a name", () => {
  const v4 = (address: string): LookupAddress => ({ address, family: 4 });
  const v6 = (address: string): LookupAddress => ({ address, family: 6 });
  const refused = { kind: "unsent", reason: "the receiver's address is not public" };

  test.each([
    ["loopback", [v4("127.0.0.1")]],
    ["IPv6 loopback", [v6("::1")]],
    ["the metadata service", [v4("169.254.169.254")]],
    ["a private network", [v4("10.1.2.3")]],
    ["a v4-mapped address", [v6("::ffff:127.0.0.1")]],
    ["a link-local address with a zone", [v6("fe80::1%eth0")]],
    ["public, then loopback", [v4("93.184.216.34"), v4("127.0.0.1")]],
    ["loopback, then public", [v4("127.0.0.1"), v4("93.184.216.34")]],
    ["public A, private AAAA", [v4("93.184.216.34"), v6("fd00::1")]],
    ["public AAAA, private A", [v6("2606:4700:4700::1111"), v4("192.168.1.1")]],
    ["something that is no address", [v4("evil.example.com")]],
    ["half an address", [v4("1.2.3")]],
    ["an address of five parts", [v4("1.2.3.4.5")]],
    ["an octal address", [v4("0177.0.0.1")]],
    ["nothing", [v4("")]],
  ])("that resolves to %s is never called", async (_what, addresses) => {
    expect(await call("https://crm.example.com/hook", { resolve: async () => addresses })).toEqual(refused);
    expect([dialled, canary.requests]).toEqual([[], []]);
  });

  test.each(["localhost", "LOCALHOST", "localhost."])("%s is never called", async (host) => {
    const outcome = await call(`https://${host}/hook`);
    expect(outcome).toMatchObject({ kind: "unsent" });
    expect([dialled, canary.requests]).toEqual([[], []]);
  });

  test("that is public at first and loopback afterwards is called at the address that was judged, once", async () => {
    const answers = ["93.184.216.34", "127.0.0.1", "127.0.0.1"];
    let asked = 0;
    const resolve: Resolve = async () => [v4(answers[asked++] ?? "127.0.0.1")];
    expect(await call("https://crm.example.com/hook", { resolve })).toMatchObject({ kind: "answered" });
    expect([asked, dialled]).toEqual([1, ["93.184.216.34"]]);
    expect(await call("https://crm.example.com/hook", { resolve })).toEqual(refused);
    expect([dialled.length, canary.requests.length]).toEqual([1, 1]);
  });

  test("that is public is called", async () => {
    const resolve: Resolve = async () => [v4("93.184.216.34"), v6("2606:4700:4700::1111")];
    expect(await call("https://crm.example.com/hook", { resolve })).toMatchObject({ kind: "answered" });
    expect(dialled).toEqual(["93.184.216.34"]);
  });

  test.each([
    [
      "does not exist",
      () => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })),
      "the host name does not exist",
    ],
    ["has no address", async () => [], "the host name does not exist"],
  ] as const)("that %s leaves the message surely unsent", async (_what, resolve, reason) => {
    expect(await call("https://crm.example.com/hook", { resolve })).toEqual({ kind: "unsent", reason });
  });
});

describe("a URL", () => {
  test.each([
    ["http://crm.example.com/hook", /must begin with https/],
    ["ftp://crm.example.com/hook", /must begin with https/],
    ["file:///etc/passwd", /must begin with https/],
    ["https://ada:canary@crm.example.com/", /user name or password/],
    ["https://ada@crm.example.com/", /user name or password/],
    ["https://crm.example.com:80/", /port 80 is not allowed/],
    ["https://crm.example.com:5432/", /port 5432 is not allowed/],
    ["/hook", /valid absolute URL/],
    ["", /valid absolute URL/],
    ["https://", /valid absolute URL/],
  ])("like %j is refused", (text, message) => {
    expect(() => checkedTarget(text, false)).toThrow(message);
  });

  test.each(["file:///etc/passwd", "ftp://127.0.0.1/", "https://ada:x@127.0.0.1/"])(
    "like %s is refused even where private receivers are allowed",
    (text) => {
      expect(() => checkedTarget(text, true)).toThrow();
    },
  );

  test.each(["https://crm.example.com/hook", "https://crm.example.com:443/", "https://crm.example.com:8443/"])(
    "like %s is taken",
    (text) => {
      expect(checkedTarget(text, false).hostname).toBe("crm.example.com");
    },
  );
});
