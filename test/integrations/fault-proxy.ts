import type { ServerResponse } from "node:http";
import { type StubRequest, startHttpStub } from "./http-stub.ts";

/** What the proxy does with a request instead of passing on the vendor's own answer. */
export type Fault =
  /** Answers so, and asks the vendor nothing; `body` unless given: all that was sent, headers too. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The vendor did what was asked, but its answer breaks off in the middle. */
  | { readonly kind: "cut" }
  /** Passes on another text than the vendor's. */
  | { readonly kind: "body"; readonly change: (body: string) => string };

/** Decides for each request, `nth` time that this very request comes (from 1). Null: passed on as it is. */
export type FaultPlan = (request: StubRequest, nth: number) => Fault | null;

export interface FaultProxy {
  readonly url: string;
  readonly requests: readonly StubRequest[];
  /** From now on. */
  plan: FaultPlan;
  close(): Promise<void>;
}

/** A proxy on loopback before a vendor's fake; addresses of the fake in answers lead through it as well. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const seen = new Map<string, number>();
  const state: { plan: FaultPlan } = { plan: () => null };
  const stub = await startHttpStub((response, request) => {
    const key = `${request.method} ${request.url} ${request.body.toString("utf8")}`;
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    answer(response, request, state.plan(request, nth)).catch(() => response.destroy());
  });
  const own = `http://127.0.0.1:${stub.port}`;

  const answer = async (response: ServerResponse, request: StubRequest, fault: Fault | null): Promise<void> => {
    if (fault?.kind === "status") {
      const headers = { "content-type": "application/json", ...fault.headers };
      return end(response, fault.status, headers, Buffer.from(fault.body ?? echo(request)));
    }
    const { status, headers, text } = await ask(target, request);
    const passed = fault?.kind === "body" ? fault.change(text) : text;
    const body = Buffer.from(passed.replaceAll(target, own), "utf8");
    if (fault?.kind !== "cut") return end(response, status, headers, body);
    response.writeHead(status, { ...headers, "content-length": body.length + 1 });
    response.write(body.subarray(0, body.length / 2), () => response.socket?.resetAndDestroy());
  };

  return {
    url: own,
    requests: stub.requests,
    get plan() {
      return state.plan;
    },
    set plan(plan) {
      state.plan = plan;
    },
    close: stub.close,
  };
}

async function ask(target: string, { method, url, headers, body }: StubRequest) {
  const { host: _, connection: __, "content-length": ___, "transfer-encoding": ____, ...kept } = headers;
  const answered = await fetch(`${target}${url}`, {
    method,
    headers: Object.entries({ ...kept, "accept-encoding": "identity" }).map(([name, value]) => [name, String(value)]),
    redirect: "manual",
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  const passed = [...answered.headers].filter(
    ([name]) => !["content-length", "transfer-encoding", "connection", "keep-alive"].includes(name),
  );
  return { status: answered.status, headers: Object.fromEntries(passed), text: await answered.text() };
}

function end(response: ServerResponse, status: number, headers: Record<string, string>, body: Buffer): void {
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  response.writeHead(status, { ...headers, ...(hasBody && { "content-length": body.length }) });
  response.end(hasBody ? body : undefined);
}

/** A vendor that tells everybody what it was told. */
function echo({ url, headers, body }: StubRequest): string {
  return JSON.stringify({
    error: { message: `${url} ${JSON.stringify(headers)} ${body.toString("utf8")}` },
    message: `${url} ${JSON.stringify(headers)}`,
    description: headers["authorization"],
  });
}
