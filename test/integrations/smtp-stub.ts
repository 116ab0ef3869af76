import { createServer, type Socket } from "node:net";
import { listenOnLoopback } from "./loopback.ts";

export type Stage = "greeting" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "body" | "dot";

/** What the server does at a stage instead of going on. `trickle` sends a byte now and then and never ends its line. */
export type Fault =
  | { readonly at: Stage; readonly do: "close" | "reset" | "hang" | "trickle" }
  | { readonly at: Stage; readonly say: string };

export interface SmtpStub {
  readonly port: number;
  /** What clients said, in order, without the texts of mails. */
  readonly commands: string[];
  /** Texts of mails whose final dot arrived, whatever was answered to it. */
  readonly texts: string[];
  readonly connections: () => number;
  /** Settles once the server has begun to fail. */
  readonly failing: Promise<void>;
  close(): Promise<void>;
}

const replies: Readonly<Record<Stage, string>> = {
  greeting: "220 mail.example.com ready",
  ehlo: "250-mail.example.com\r\n250 AUTH PLAIN LOGIN",
  auth: "235 welcome",
  mail: "250 sender ok",
  rcpt: "250 recipient ok",
  data: "354 go on",
  body: "",
  dot: "250 2.0.0 queued as 4711",
};

/** A mail server on loopback that fails at exactly one stage, or at none. */
export async function startSmtpStub(fault: Fault | null = null): Promise<SmtpStub> {
  const commands: string[] = [];
  const texts: string[] = [];
  let connections = 0;
  let beginToFail = (): void => undefined;
  const failing = new Promise<void>((resolve) => {
    beginToFail = resolve;
  });
  const server = createServer((socket) => {
    connections += 1;
    hold(socket, { fault, commands, texts, beginToFail });
  });
  const { port, close } = await listenOnLoopback(server);
  return { port, commands, texts, connections: () => connections, failing, close };
}

interface Part {
  readonly fault: Fault | null;
  readonly commands: string[];
  readonly texts: string[];
  readonly beginToFail: () => void;
}

function hold(socket: Socket, { fault, commands, texts, beginToFail }: Part): void {
  let isInText = false;
  let pending = "";
  socket.setEncoding("latin1");
  socket.on("error", () => undefined);
  /** False when the stage is where the server fails. */
  const reach = (stage: Stage): boolean => {
    if (fault === null || fault.at !== stage) {
      if (replies[stage] !== "") socket.write(`${replies[stage]}\r\n`);
      return true;
    }
    misbehave(socket, fault);
    beginToFail();
    return "say" in fault && stage !== "data";
  };
  const readText = (): void => {
    const end = pending.indexOf("\r\n.\r\n");
    if (fault?.at === "body" && pending.length > 1_000) {
      isInText = false;
      misbehave(socket, fault);
      beginToFail();
      return;
    }
    if (end < 0) return;
    texts.push(pending.slice(0, end));
    pending = pending.slice(end + 5);
    isInText = false;
    reach("dot");
  };
  const readCommand = (line: string): void => {
    commands.push(line);
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "QUIT") socket.end("221 bye\r\n");
    else if (verb === "EHLO") reach("ehlo");
    else if (verb === "AUTH") reach("auth");
    else if (verb === "MAIL") reach("mail");
    else if (verb === "RCPT") reach("rcpt");
    else if (verb === "DATA") isInText = reach("data");
    else socket.write("500 what?\r\n");
  };
  socket.on("data", (chunk) => {
    pending += chunk;
    while (!isInText && pending.includes("\r\n")) {
      const line = pending.slice(0, pending.indexOf("\r\n"));
      pending = pending.slice(line.length + 2);
      readCommand(line);
    }
    if (isInText) readText();
  });
  reach("greeting");
}

function misbehave(socket: Socket, fault: Fault): void {
  if ("say" in fault) {
    socket.write(`${fault.say}\r\n`);
    return;
  }
  socket.removeAllListeners("data");
  if (fault.do === "close") socket.destroy();
  else if (fault.do === "reset") socket.resetAndDestroy();
  else socket.pause();
  if (fault.do === "trickle") {
    const drip = setInterval(() => socket.write("2"), 20);
    socket.once("close", () => clearInterval(drip));
    // A paused socket would never see the client go.
    socket.resume();
  }
}
