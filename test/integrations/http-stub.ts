import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { listenOnLoopback } from "./loopback.ts";

export interface StubRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpStub {
  readonly port: number;
  readonly requests: StubRequest[];
  close(): Promise<void>;
}

/** How the server answers. It has read the whole request by then. */
export type Answer = (response: ServerResponse, request: StubRequest, index: number) => void;

/** An HTTP server on loopback that keeps what it was sent. */
export async function startHttpStub(answer: Answer): Promise<HttpStub> {
  const requests: StubRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks) };
      requests.push(seen);
      answer(response, seen, requests.length - 1);
    });
  });
  return { ...(await listenOnLoopback(server)), requests };
}

export function say(status: number, headers: Readonly<Record<string, string>> = {}, body = ""): Answer {
  return (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** Never answers. */
export const hang: Answer = () => undefined;

/** Ends the connection with a TCP reset once the request was read. */
export const reset: Answer = (response) => response.socket?.resetAndDestroy();

/** Sends one byte of its head now and then, and never comes to the end. */
export const trickleHead: Answer = ({ socket }) => {
  socket?.write("HTTP/1.1 200 OK\r\nx-slow: ");
  const drip = setInterval(() => socket?.write("z"), 20);
  socket?.once("close", () => clearInterval(drip));
};

/** Answers at once and then sends its body byte by byte, for ever. */
export function trickleBody(status: number): Answer {
  return (response) => {
    response.writeHead(status);
    const drip = setInterval(() => response.write("z"), 20);
    response.once("close", () => clearInterval(drip));
  };
}

/** Answers at once with a status and then says nothing more, for ever. */
export function stallBody(status: number): Answer {
  return (response) => {
    response.writeHead(status);
    response.flushHeaders();
  };
}

/** A gigabyte, as fast as it is taken. */
export function flood(status: number, total = 1024 ** 3): Answer {
  return (response) => {
    response.writeHead(status, { "content-length": String(total) });
    const chunk = Buffer.alloc(64 * 1024, "x");
    let left = total;
    const pour = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!response.write(chunk)) return;
      }
    };
    response.on("drain", pour);
    pour();
  };
}

/** 64 kB that would inflate to 64 MB. */
export function gzipBomb(status: number): Answer {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  return (response) => {
    response.writeHead(status, { "content-encoding": "gzip", "content-length": String(bomb.length) });
    response.end(bomb);
  };
}

/** Something that is not HTTP. */
export const babble: Answer = ({ socket }) => {
  socket?.end("SSH-2.0-OpenSSH_9.2\r\n");
};

/** Calls `then` some turns of the event loop after the answer was begun: what was written has arrived by then. */
export function andThen(answer: Answer, then: () => void): Answer {
  return (response, request, index) => {
    answer(response, request, index);
    let turns = 25;
    const turn = setInterval(() => {
      turns -= 1;
      if (turns > 0) return;
      clearInterval(turn);
      then();
    }, 5);
  };
}
