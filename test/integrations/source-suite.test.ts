import { z } from "zod";
import { SourceHalt } from "../../src/integrations/call-port.ts";
import { classifyAnswer } from "../../src/integrations/classify-answer.ts";
import { openHttpClient } from "../../src/integrations/http-client.ts";
import type { Mapped } from "../../src/integrations/mapped-port.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { startHttpStub } from "./http-stub.ts";
import { describeSource, type SourceFake } from "./source-suite.ts";

const now = new Date("2026-03-10T12:00:00Z");
const companies = ["acme", "globex", "initech", "umbrella", "hooli"];
const pageSize = 2;

const thing = z.looseObject({ id: z.string(), status: z.string().optional() });
const page = z.looseObject({ items: z.array(z.unknown()), next: z.url().nullable() });

/** The smallest vendor there can be: companies and tickets, by pages whose next one is an address. */
async function startFake(): Promise<SourceFake> {
  const stub = await startHttpStub((response, { url }) => {
    const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
    const at = Number(searchParams.get("at") ?? 0);
    const items = companies.slice(at, at + pageSize).map((id) => ({ id, status: "open" }));
    const isLast = at + pageSize >= companies.length;
    const next = isLast ? null : `http://127.0.0.1:${stub.port}${pathname}?at=${at + pageSize}`;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ items, next }));
  });
  return {
    url: `http://127.0.0.1:${stub.port}`,
    truth: () => ({
      records: {
        account: Object.fromEntries(companies.map((id) => [id, { name: id }])),
        ticket: Object.fromEntries(companies.map((id) => [`t-${id}`, { account: id, status: "open" }])),
      },
    }),
    close: stub.close,
  };
}

function open(baseUrl: string, secret: string): Source {
  const at = "2026-03-01T00:00:00Z";
  return {
    id: "plain",
    kind: "plain",
    accounts: "create",
    idsAreKeys: false,
    limits: [{ bucket: "calls", calls: 100, perMs: 1_000 }],
    streams: [
      { name: "companies", feeds: ["account"], everyMs: 60_000, mode: "incremental" },
      { name: "tickets", feeds: ["ticket"], everyMs: 60_000, mode: "incremental" },
    ],
    async pull(stream, cursor, { call }) {
      const url = typeof cursor === "string" ? cursor : `${baseUrl}/${stream}`;
      const { text } = await call({ method: "GET", url, headers: { authorization: `Bearer ${secret}` } });
      const { items, next } = page.safeParse(jsonOf(text)).data ?? unreadable();
      return { raw: items, cursor: next, done: next === null };
    },
    map(stream, raw): Mapped {
      const { data } = thing.safeParse(raw);
      if (data === undefined) return { skipped: "not a thing" };
      if (stream === "companies") return { inputs: [{ kind: "account", id: data.id, at, set: { name: data.id } }] };
      const status = data.status === "open" ? "open" : "pending";
      return { inputs: [{ kind: "ticket", id: `t-${data.id}`, account: data.id, at, set: { status } }] };
    },
    classify: (answer, at) => classifyAnswer(answer, answer.text.slice(0, 100).trim() || null, at),
    send: openHttpClient({ allowPrivate: true }),
    check: async () => ({ ok: true, detail: "", missing: [] }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unreadable(): never {
  throw new SourceHalt({ kind: "retry", scope: "call", afterMs: null, reason: "the answer was not understood" });
}

describeSource({ name: "a plain vendor", now, startFake, open, words: ["status"] });
