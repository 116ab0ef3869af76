import { describe, expect, test } from "vitest";
import { SourceHalt } from "../../../src/integrations/call-port.ts";
import { openHttpJsonSource } from "../../../src/integrations/http-json/source.ts";
import type { Page, Source } from "../../../src/integrations/source-port.ts";
import { parseSources } from "../../../src/integrations/sources-schema.ts";
import { type Answer, type StubRequest, say, startHttpStub } from "../http-stub.ts";
import { pullContext } from "../pull-context.ts";

const now = new Date("2026-02-10T12:00:00Z");

type Parts = Readonly<Record<string, unknown>>;

const mapping = { records: [{ kind: "account", id: "$.id", at: "$.at", set: { name: "$.name" } }] };

function settingsOf(stream: Parts, source: Parts = {}) {
  const entry = {
    ...{ id: "crm", kind: "http-json", baseUrl: "http://127.0.0.1:9", allowPrivate: true, ...source },
    streams: [{ name: "things", path: "/things", records: "$.items[*]", mapping, ...stream }],
  };
  return parseSources({ sources: [entry] });
}

async function withSource(
  stream: Parts,
  answer: (request: StubRequest, url: URL) => unknown,
  body: (source: Source, requests: readonly StubRequest[], baseUrl: string) => Promise<void>,
  parts: Parts = {},
): Promise<void> {
  const reply: Answer = (response, request, index) => {
    const found = answer(request, new URL(request.url, "http://fake"));
    if (typeof found === "function") found(response, request, index);
    else say(200, {}, JSON.stringify(found))(response, request, index);
  };
  const stub = await startHttpStub(reply);
  const baseUrl = `http://127.0.0.1:${stub.port}`;
  const parsed = settingsOf(stream, { baseUrl, ...parts });
  const [settings] = "faults" in parsed ? [] : parsed.sources;
  if (settings?.kind !== "http-json") throw new Error(JSON.stringify(parsed));
  try {
    await body(
      openHttpJsonSource(settings, ({ env }) => `secret-of-${env}`),
      stub.requests,
      baseUrl,
    );
  } finally {
    await stub.close();
  }
}

async function pullAll(source: Source, cursor: unknown = null, at = now): Promise<{ pages: Page[]; ids: unknown[] }> {
  const pages: Page[] = [];
  for (let last = cursor; ; ) {
    const page = await source.pull("things", last, pullContext(source, at));
    pages.push(page);
    if (page.done) break;
    // As the store keeps it.
    last = JSON.parse(JSON.stringify(page.cursor));
  }
  const idOf = (raw: unknown) => (typeof raw === "object" && raw !== null && "id" in raw ? raw.id : null);
  return { pages, ids: pages.flatMap(({ raw }) => raw.map(idOf)) };
}

const items = (ids: readonly number[]) => ids.map((id) => ({ id, at: "2026-01-01T00:00:00Z", name: `T${id}` }));

describe("paging", () => {
  const all = items([1, 2, 3, 4, 5]);
  const cut = (from: number, size = 2) => all.slice(from, from + size);

  test("by number, by offset and by cursor each bring every thing once", async () => {
    const ways: [Parts, (url: URL) => unknown][] = [
      [
        { kind: "page", param: "page", size: 2 },
        (url) => ({ items: cut((Number(url.searchParams.get("page")) - 1) * 2) }),
      ],
      [{ kind: "offset", param: "start", size: 2 }, (url) => ({ items: cut(Number(url.searchParams.get("start"))) })],
      [
        { kind: "cursor", param: "after", next: "$.next" },
        (url) => {
          const from = Number(url.searchParams.get("after") ?? 0);
          return { items: cut(from), next: from + 2 < all.length ? from + 2 : null };
        },
      ],
    ];
    for (const [paging, answer] of ways) {
      await withSource(
        { paging },
        (_, url) => answer(url),
        async (source) => {
          expect((await pullAll(source)).ids).toEqual([1, 2, 3, 4, 5]);
        },
      );
    }
  });

  test("by link goes where the answer says, within the same host, and keeps no key of the address", async () => {
    const answer = ({ headers }: StubRequest, url: URL): Answer => {
      const from = Number(url.searchParams.get("from") ?? 0);
      const link = `<http://${headers.host}${url.pathname}?from=${from + 2}&key=${url.searchParams.get("key")}>; rel="next"`;
      return say(200, from + 2 < all.length ? { link } : {}, JSON.stringify({ items: cut(from) }));
    };
    const auth = { query: "key", value: { env: "KEY" } };
    await withSource(
      { paging: { kind: "link" } },
      answer,
      async (source, requests) => {
        const { ids, pages } = await pullAll(source);
        expect(ids).toEqual([1, 2, 3, 4, 5]);
        expect(requests.every(({ url }) => url.includes("key=secret-of-KEY"))).toBe(true);
        expect(JSON.stringify(pages.map(({ cursor }) => cursor))).not.toContain("secret");
      },
      { auth },
    );
  });

  test("a link to another host is not followed", async () => {
    const answer = () => ({ items: items([1]), next: "https://elsewhere.example/things?page=2" });
    await withSource({ paging: { kind: "link", next: "$.next" } }, answer, async (source) => {
      await expect(source.pull("things", null, pullContext(source, now))).rejects.toThrow(/another host/);
    });
  });

  test("a service that knows no pages is found out, not asked for ever", async () => {
    const answer = () => ({ items: items([1, 2]) });
    await withSource({ paging: { kind: "page", param: "page", size: 2 } }, answer, async (source) => {
      await expect(pullAll(source)).rejects.toThrow(/like the last/);
    });
    await withSource(
      { paging: { kind: "cursor", param: "c", next: "$.n" } },
      () => ({ items: [], n: "x" }),
      async (source) => {
        await expect(pullAll(source)).rejects.toThrow(/same page/);
      },
    );
  });

  test("a page name that is refused later means: from the beginning", async () => {
    const paging = { kind: "cursor", param: "after", next: "$.next" };
    const answer = (_: StubRequest, url: URL) =>
      url.searchParams.has("after") ? say(400, {}, "{}") : { items: items([1]), next: "expired" };
    await withSource({ paging }, answer, async (source) => {
      const first = await source.pull("things", null, pullContext(source, now));
      const second = source.pull("things", first.cursor, pullContext(source, now));
      await expect(second).rejects.toMatchObject({ verdict: { kind: "reset-cursor" } });
      await expect(second).rejects.toThrow(SourceHalt);
    });
  });
});

describe("what has changed since", () => {
  const since = { field: "$.at", overlap: "10m", first: "30d" };
  const query = { since: "{since}" };

  test("is asked for from the newest change on, with the overlap; all pages of a sweep ask the same", async () => {
    const things = [
      { id: 1, at: "2026-02-01T00:00:00Z" },
      { id: 2, at: "2026-02-05T00:00:00Z" },
      { id: 3, at: "2026-02-03T00:00:00Z" },
    ];
    const paging = { kind: "offset", param: "start", size: 2 };
    const answer = (_: StubRequest, url: URL) => {
      const from = Number(url.searchParams.get("start"));
      return { items: things.filter(({ at }) => at >= (url.searchParams.get("since") ?? "")).slice(from, from + 2) };
    };
    await withSource({ since, query, paging }, answer, async (source, requests) => {
      const first = await pullAll(source);
      expect(first.ids).toEqual([1, 2, 3]);
      const second = await pullAll(source, first.pages.at(-1)?.cursor);
      expect(second.ids).toEqual([2]);
      const asked = requests.map(({ url }) => new URL(url, "http://fake").searchParams.get("since"));
      expect(asked).toEqual(["2026-01-11T12:00:00.000Z", "2026-01-11T12:00:00.000Z", "2026-02-04T23:50:00.000Z"]);
    });
  });

  test("a change dated in the future does not silence the stream", async () => {
    const answer = () => ({ items: [{ id: 1, at: "2099-01-01T00:00:00Z" }] });
    await withSource({ since, query }, answer, async (source, requests) => {
      const { pages } = await pullAll(source);
      await pullAll(source, pages.at(-1)?.cursor);
      expect(requests.at(-1)?.url).toContain(encodeURIComponent("2026-02-10T11:50:00.000Z"));
    });
  });

  test.each([
    ["epoch-seconds", 1_770_000_000, "1769999400"],
    ["epoch-milliseconds", 1_770_000_000_000, "1769999400000"],
    ["day", "2026-02-02", "2026-02-01"],
  ])("is written and read as %s", async (format, at, asked) => {
    const answer = () => ({ items: [{ id: 1, at }] });
    await withSource({ since: { ...since, format }, query }, answer, async (source, requests) => {
      const { pages } = await pullAll(source);
      await pullAll(source, pages.at(-1)?.cursor);
      expect(new URL(requests.at(-1)?.url ?? "", "http://fake").searchParams.get("since")).toBe(asked);
    });
  });
});

describe("who it is", () => {
  const bearer = { env: "TOKEN" };
  test.each([
    [{ bearer }, "authorization", "Bearer secret-of-TOKEN"],
    [{ header: "X-Key", value: bearer, prefix: "key " }, "x-key", "key secret-of-TOKEN"],
    [{ basic: { user: "ann", password: bearer } }, "authorization", `Basic ${btoa("ann:secret-of-TOKEN")}`],
  ])("goes with every request: %j", async (auth, header, value) => {
    await withSource(
      {},
      () => ({ items: [] }),
      async (source, requests) => {
        await pullAll(source);
        expect(requests[0]?.headers[header]).toBe(value);
      },
      { auth },
    );
  });

  test("a token by client credentials is fetched once, kept while it lasts, and fetched anew after a refusal", async () => {
    let tokens = 0;
    const stub = await startHttpStub((response, request, index) => {
      tokens += 1;
      expect(request.body.toString()).toBe(
        "grant_type=client_credentials&client_id=secret-of-ID&client_secret=secret-of-SECRET&scope=read",
      );
      say(200, {}, JSON.stringify({ access_token: `t${tokens}`, expires_in: 3600 }))(response, request, index);
    });
    const clientCredentials = {
      ...{ tokenUrl: `http://127.0.0.1:${stub.port}/token`, clientId: { env: "ID" } },
      ...{ clientSecret: { env: "SECRET" }, scope: "read" },
    };
    await withSource(
      {},
      () => ({ items: [] }),
      async (source, requests) => {
        await pullAll(source);
        await pullAll(source);
        await pullAll(source, null, new Date(now.getTime() + 3_600_000));
        source.forgetToken?.();
        await pullAll(source);
        expect(requests.map(({ headers }) => headers.authorization)).toEqual([
          ...["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t3"],
        ]);
      },
      { auth: { clientCredentials } },
    );
    await stub.close();
  });
});

test("once pulled to its end a stream may say that all days up to yesterday are there", async () => {
  await withSource(
    { coverage: "yesterday" },
    () => ({ items: [] }),
    async (source) => {
      expect((await pullAll(source)).pages.at(-1)?.coveredThrough).toBe("2026-02-09");
    },
  );
});

test("a check asks each stream and tells what it found or what the service refused", async () => {
  await withSource(
    {},
    () => ({ items: items([1, 2]) }),
    async (source) => {
      expect(await source.check(pullContext(source, now))).toEqual({
        ok: true,
        detail: "things: 2 on the first page",
        missing: [],
      });
    },
  );
  await withSource(
    {},
    () => say(403, {}, "{}"),
    async (source) => {
      expect(await source.check(pullContext(source, now))).toMatchObject({ ok: false, detail: /things: .*403/ });
    },
  );
});

describe("sources.json", () => {
  test.each([
    ["a path that is none", { records: "items" }, /streams\[0\]\.records: .*JSON path/],
    ["a form that is not posted", { form: { a: 1 } }, /POST/],
    ["a snapshot of changes", { snapshot: true, since: { field: "$.at" } }, /leave since out/],
    ["records without an account", { mapping: { records: [{ kind: "ticket", id: "$.id", at: "$.at" }] } }, /"account"/],
  ])("refuses %s, and says where", (_name, stream, message) => {
    const parsed = settingsOf(stream);
    const faults = "faults" in parsed ? parsed.faults : [];
    expect(faults.map((fault) => `${fault.path}: ${fault.message}`).join("\n")).toMatch(message);
  });
});
