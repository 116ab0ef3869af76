import { z } from "zod";
import type { CallRequest } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";
import type { FromEnvironment, ReadSecret } from "../source-settings.ts";
import type { HttpJsonSettings } from "./settings.ts";

/** Adds to a request who it is. */
export interface Authorizer {
  authorize(request: CallRequest, context: PullContext): Promise<CallRequest>;
  /** The next request asks for a new token. */
  forget(): void;
}

/** Reads the secrets now: a missing one is told when the source is opened. */
export function openAuthorizer(auth: HttpJsonSettings["auth"], read: ReadSecret): Authorizer {
  if (auth !== undefined && "clientCredentials" in auth) return openClientCredentials(auth.clientCredentials, read);
  const add = fixedAuth(auth, read);
  return { authorize: async (request) => add(request), forget: () => undefined };
}

function fixedAuth(
  auth: Exclude<HttpJsonSettings["auth"], { clientCredentials: unknown }>,
  read: ReadSecret,
): (request: CallRequest) => CallRequest {
  if (auth === undefined) return (request) => request;
  if ("bearer" in auth) return withHeader("authorization", `Bearer ${read(auth.bearer)}`);
  if ("basic" in auth) {
    const { user, password } = auth.basic;
    const pair = `${typeof user === "string" ? user : read(user)}:${read(password)}`;
    return withHeader("authorization", `Basic ${Buffer.from(pair, "utf8").toString("base64")}`);
  }
  const value = read(auth.value);
  if ("header" in auth) return withHeader(auth.header, `${auth.prefix ?? ""}${value}`);
  return (request) => {
    const url = new URL(request.url);
    url.searchParams.set(auth.query, value);
    return { ...request, url: url.href };
  };
}

function withHeader(name: string, value: string): (request: CallRequest) => CallRequest {
  return (request) => ({ ...request, headers: { ...request.headers, [name]: value } });
}

const tokenSchema = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().optional() });
/** A token is renewed this long before it ends. */
const marginMs = 60_000;
const usualLifeSeconds = 300;

function openClientCredentials(
  settings: { tokenUrl: string; clientId: FromEnvironment; clientSecret: FromEnvironment; scope?: string | undefined },
  read: ReadSecret,
): Authorizer {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: read(settings.clientId),
    client_secret: read(settings.clientSecret),
    ...(settings.scope === undefined ? {} : { scope: settings.scope }),
  }).toString();
  let token: { readonly value: string; readonly until: number } | null = null;
  return {
    async authorize(request, context) {
      if (token === null || context.now.getTime() >= token.until) {
        const answer = await context.call({
          method: "POST",
          url: settings.tokenUrl,
          headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
          body: form,
        });
        const { access_token: value, expires_in: seconds = usualLifeSeconds } = readAnswer(answer, tokenSchema);
        token = { value, until: context.now.getTime() + seconds * 1_000 - marginMs };
      }
      return withHeader("authorization", `Bearer ${token.value}`)(request);
    },
    forget() {
      token = null;
    },
  };
}
