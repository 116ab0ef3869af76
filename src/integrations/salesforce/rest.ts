import { createHash } from "node:crypto";
import { z } from "zod";
import { type Answer, type CallRequest, SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";

export interface RestOptions {
  /** Where the login is: My Domain. */
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Such as `v62.0`. */
  readonly apiVersion: string;
}

/** What a request needs of a pull or of a sink. */
export type CallContext = Pick<PullContext, "call" | "now">;

/** A login. */
export interface Session {
  readonly token: string;
  readonly instanceUrl: string;
  readonly organization: string | null;
  /** The user whose rights count. */
  readonly user: string | null;
  /** Tells sessions apart without being one. */
  readonly mark: string;
}

export interface Rest {
  /** A request below `/services/data/<version>`, or to a path of `/services/` that Salesforce gave. */
  ask(context: CallContext, request: RestRequest): Promise<Answer>;
  login(context: CallContext): Promise<Session>;
  /** The user of the login, once there was one. */
  ownUser(): string | null;
  forgetToken(): void;
  /** Throws `SourceHalt` while the organization's daily calls are nearly used up, for all its integrations live on them. */
  spareBudget(now: Date): void;
  /** `10018 of 100000`, as of the newest answer. */
  usage(): string | null;
}

export interface RestRequest {
  readonly method: CallRequest["method"];
  /** `/query?q=…`; or `/services/data/…` as it is. */
  readonly path: string;
  readonly body?: unknown;
  /** As of `CallRequest`. */
  readonly once?: boolean;
}

const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  instance_url: z.string().min(1),
  /** `https://login.salesforce.com/id/<organization>/<user>` */
  id: z.string().optional(),
});

/** Of the day's calls, what is left to others. */
const mostShare = 0.95;
const budgetPauseMs = 3_600_000;

/** Calls the REST API with a token of the client credentials flow, which lives in memory only. */
export function openRest(options: RestOptions): Rest {
  const { loginUrl, clientId, clientSecret, apiVersion } = options;
  let session: Session | null = null;
  let user: string | null = null;
  let budget: { readonly used: number; readonly total: number; readonly at: number } | null = null;

  const login = async (context: CallContext): Promise<Session> => {
    if (session !== null) return session;
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
    const answer = await context.call({
      method: "POST",
      url: `${loginUrl}/services/oauth2/token`,
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams(form).toString(),
    });
    session = sessionOf(answer);
    user = session.user;
    return session;
  };

  return {
    async ask(context, { method, path, body, once }) {
      const { token, instanceUrl } = await login(context);
      const answer = await context.call({
        method,
        url: `${instanceUrl}${path.startsWith("/services/") ? path : `/services/data/${apiVersion}${path}`}`,
        headers: {
          authorization: `Bearer ${token}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        once,
      });
      const [, used, total] = /api-usage=(\d+)\/(\d+)/.exec(String(answer.headers["sforce-limit-info"])) ?? [];
      if (used !== undefined) budget = { used: Number(used), total: Number(total), at: context.now.getTime() };
      return answer;
    },
    login,
    ownUser: () => user,
    forgetToken() {
      session = null;
    },
    spareBudget(now) {
      if (budget === null || budget.used < budget.total * mostShare) return;
      if (now.getTime() - budget.at >= budgetPauseMs) return;
      const reason = `Salesforce: ${budget.used} of ${budget.total} calls of the day are used; the rest is left to others`;
      throw new SourceHalt({ kind: "retry", scope: "day", afterMs: budgetPauseMs, reason });
    },
    usage: () => (budget === null ? null : `${budget.used} of ${budget.total}`),
  };
}

function sessionOf(answer: Answer): Session {
  const { access_token: token, instance_url: url, id = "" } = readAnswer(answer, tokenAnswer);
  const [, organization = null, user = null] = /\/id\/(\w+)\/(\w+)$/.exec(id) ?? [];
  const mark = createHash("sha256").update(token, "utf8").digest("hex").slice(0, 12);
  return { token, instanceUrl: url.replace(/\/+$/, ""), organization, user, mark };
}
