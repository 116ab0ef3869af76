import { buildApp } from "../../src/http/app.ts";
import { type RunningServer, type ServerLimits, startServer } from "../../src/http/server.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import type { Db } from "../../src/store/db.ts";
import { createToken, type TokenScope, tokenScopes } from "../../src/store/tokens.ts";
import { test as base } from "../support/database.ts";
import { configure } from "../worker/scenario.ts";

/** What came back: the body as JSON where it is JSON, else as text. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Call {
  readonly token?: string | undefined;
  /** Sent as it is when it is a text or bytes, else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A real server on loopback, and how to talk to it. */
export interface Api {
  readonly server: RunningServer;
  /** Mints a token; of every scope unless told. */
  token(scopes?: readonly TokenScope[]): Promise<string>;
  call(method: string, path: string, options?: Call): Promise<Answer>;
}

/** Serves a database with one health model and no playbook, unless told otherwise. */
export async function serve(
  db: Db,
  options: {
    readonly configuration?: Configuration;
    readonly limits?: Partial<ServerLimits>;
    readonly port?: number;
    readonly sources?: readonly Source[];
    readonly publicUrl?: string;
    readonly now?: () => Date;
    readonly hasSecret?: (name: string) => boolean;
  } = {},
): Promise<Api> {
  const { configuration = configure(), limits = {}, port = 0, sources = [], publicUrl = null } = options;
  const server = await startServer({
    db,
    log: createSilentLog(),
    host: "127.0.0.1",
    port,
    configuration: async () => configuration,
    sources: async () => sources,
    publicUrl,
    limits,
    ...(options.now !== undefined && { now: options.now }),
    ...(options.hasSecret !== undefined && { hasSecret: options.hasSecret }),
  });
  let tokens = 0;
  return {
    server,
    async token(scopes = tokenScopes) {
      tokens += 1;
      const created = await createToken(db, { name: `token ${tokens}`, scopes }, new Date());
      if (created.kind !== "created") throw new Error("the name was taken");
      return created.token;
    },
    call: (method, path, call = {}) => callApi(server.url, method, path, call),
  };
}

/** A test with a database of its own and a server upon it. */
export const test = base.extend<{ api: Api }>({
  api: async ({ db }, use) => {
    const api = await serve(db);
    await use(api);
    await api.server.stop();
  },
});

async function callApi(url: string, method: string, path: string, options: Call): Promise<Answer> {
  const { token, body, headers = {}, signal } = options;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: bodyOf(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return JSON.stringify(body);
}

/** Every route the server has, as `GET /path`. */
export function listRoutes(db: Db): string[] {
  const app = buildApp({
    db,
    log: createSilentLog(),
    isReady: () => true,
    configuration: () => Promise.reject(new Error("no route asks for it yet")),
    sources: async () => [],
    inbox: { keep: async () => 0, refuse: () => {}, close: async () => {} },
    publicUrl: () => "http://127.0.0.1",
    now: () => new Date(),
    hasSecret: () => true,
  });
  return [...new Set(routesOf(app.router))];
}

interface Stack {
  readonly stack: readonly {
    readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] } | undefined;
    readonly handle: unknown;
  }[];
}

function routesOf({ stack }: Stack): string[] {
  return stack.flatMap(({ route, handle }) => {
    if (route !== undefined) {
      return route.stack.flatMap(({ method }) => (method === undefined ? [] : `${method.toUpperCase()} ${route.path}`));
    }
    return isStack(handle) ? routesOf(handle) : [];
  });
}

function isStack(handle: unknown): handle is Stack {
  return typeof handle === "function" && "stack" in handle && Array.isArray(handle.stack);
}
