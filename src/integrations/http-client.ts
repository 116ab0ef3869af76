import type { Readable } from "node:stream";
import type { CallRequest, CallResult } from "./call-port.ts";
import { checkedTarget, type Resolve } from "./outbound-guard.ts";
import { type Dial, exchange } from "./outbound-http.ts";

export interface HttpClientOptions {
  /** Also plain HTTP, any port and addresses that are not public: for a vendor inside one's own network, and for tests. */
  readonly allowPrivate: boolean;
  readonly deadlineMs?: number | undefined;
  readonly resolve?: Resolve | undefined;
  readonly dial?: Dial | undefined;
}

const usualDeadlineMs = 60_000;
const usualLongestBytes = 32 * 1024 * 1024;

/** The `send` of a source: one attempt over the guarded way out, the whole answer or none. */
export function openHttpClient(
  options: HttpClientOptions,
): (request: CallRequest, signal: AbortSignal) => Promise<CallResult> {
  const { allowPrivate, deadlineMs = usualDeadlineMs, resolve, dial } = options;
  return async (request, signal) => {
    const url = targetOf(request.url, allowPrivate);
    if (typeof url === "string") return { kind: "unsent", reason: url };
    const { method, body, headers = {}, longestAnswerBytes = usualLongestBytes } = request;
    return exchange({ deadlineMs, allowPrivate, resolve, dial }, url, {
      method,
      body: body === undefined ? undefined : Buffer.from(body, "utf8"),
      headers,
      signal,
      decompress: true,
      read: (stream) => readWhole(stream, longestAnswerBytes),
    });
  };
}

/** A URL that came from a vendor, such as its next page, is judged as every other. */
function targetOf(text: string, allowPrivate: boolean): URL | string {
  try {
    return checkedTarget(text, allowPrivate);
  } catch (error) {
    return error instanceof Error ? error.message : "the URL was refused";
  }
}

/** A record that breaks off is no record: half an answer counts as none. */
async function readWhole(stream: Readable, longestBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > longestBytes) {
      stream.destroy();
      throw Object.assign(new Error("the answer is too long"), { code: "EANSWERTOOLONG" });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
