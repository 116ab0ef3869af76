import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { Letter } from "./mime.ts";

/** A server and how long it may take, all resolved. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly requireTls: boolean;
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly ca: string | null;
  readonly rejectUnauthorized: boolean;
  readonly deadlineMs: number;
}

/**
 * How far a dialogue got. `session`: greeting, TLS, login. `envelope`: MAIL, RCPT, DATA. `body`: the server took DATA and
 * the text is under way. `handed-over`: the end of the text, and so the final dot, may have left.
 */
export type Progress = "session" | "envelope" | "body" | "handed-over";

export type Dialogue =
  | { readonly kind: "accepted"; readonly progress: Progress; readonly response: string }
  | { readonly kind: "broken"; readonly progress: Progress; readonly error: unknown };

/**
 * Holds one dialogue with the server, on its own connection, and tells how it ended. Never throws for what the server does.
 *
 * The library reports the same error for a connection lost after MAIL and after the final dot, so progress is seen from
 * the text itself: it is read only once DATA was taken, and its end is given out, and noted, only after everything before it was taken.
 */
export function converse(server: SmtpServer, letter: Letter, signal: AbortSignal): Promise<Dialogue> {
  let progress: Progress = "session";
  return inSession(server, signal, (connection, finish) => {
    progress = "envelope";
    const text = tellingText(letter.mime, (step) => {
      progress = step;
    });
    const envelope = { from: letter.from, to: [letter.to], size: letter.mime.length };
    connection.send(envelope, text, (error, info) => {
      if (error) return finish(error, null);
      finish(null, info?.response ?? "");
    });
  }).then(
    (response): Dialogue => ({ kind: "accepted", progress, response }),
    (error: unknown): Dialogue => ({ kind: "broken", progress, error }),
  );
}

/** Greets and logs in, and says goodbye: rejects with the reason when the server would not take our mail. */
export async function tryLogin(server: SmtpServer, signal: AbortSignal): Promise<void> {
  await inSession(server, signal, (_connection, finish) => finish(null, ""));
}

type Finish = (error: unknown, response: string | null) => void;

/** Opens a connection, logs in, lets `work` go on, and closes it in any case. The first to finish decides; the deadline is one of them. */
function inSession(
  server: SmtpServer,
  signal: AbortSignal,
  work: (connection: SMTPConnection, finish: Finish) => void,
): Promise<string> {
  const connection = new SMTPConnection(connectionOptions(server));
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(server.deadlineMs)]);
  return new Promise((resolve, reject) => {
    let isFinished = false;
    const finish: Finish = (error, response) => {
      if (isFinished) return;
      isFinished = true;
      deadline.removeEventListener("abort", giveUp);
      if (response === null) {
        connection.close();
        reject(error);
      } else {
        connection.quit();
        resolve(response);
      }
    };
    const giveUp = (): void => finish(Object.assign(new Error("deadline"), { code: "EABORT" }), null);
    // Stays attached: after the end an error has nobody else to go to.
    connection.on("error", (error: unknown) => finish(error, null));
    deadline.addEventListener("abort", giveUp, { once: true });
    if (deadline.aborted) return giveUp();
    connection.connect((error) => {
      if (error) return finish(error, null);
      if (isFinished) return;
      if (server.login === null) return work(connection, finish);
      const { user, password } = server.login;
      connection.login({ user, pass: password }, (refusal) => {
        if (refusal) return finish(refusal, null);
        if (!isFinished) work(connection, finish);
      });
    });
  });
}

function connectionOptions(server: SmtpServer) {
  // The library's own timers run to minutes. These never ring: the deadline ends the dialogue first, always with the same words.
  const afterDeadlineMs = 2 * server.deadlineMs;
  return {
    host: server.host,
    port: server.port,
    secure: server.secure,
    requireTLS: server.requireTls,
    connectionTimeout: afterDeadlineMs,
    greetingTimeout: afterDeadlineMs,
    socketTimeout: afterDeadlineMs,
    dnsTimeout: afterDeadlineMs,
    socketCloseTimeout: 0,
    maxResponseSize: 64 * 1024,
    tls: {
      minVersion: "TLSv1.2" as const,
      rejectUnauthorized: server.rejectUnauthorized,
      ...(server.ca === null ? {} : { ca: server.ca }),
    },
  };
}

/** Small enough that little is in flight unseen when a long letter breaks off. */
const sliceBytes = 16 * 1024;

function tellingText(mime: Buffer, tell: (step: "body" | "handed-over") => void): Readable {
  let position = 0;
  return new Readable({
    highWaterMark: sliceBytes,
    read() {
      if (position < mime.length) {
        tell("body");
        const slice = mime.subarray(position, position + sliceBytes);
        position += slice.length;
        this.push(slice);
        return;
      }
      // Told before it is given: from here on the final dot may be on its way.
      tell("handed-over");
      this.push(null);
    },
  });
}
