import { type StubRequest, startHttpStub } from "../http-stub.ts";
import type { SourceFake } from "../source-suite.ts";
import { isVisible, type Visibility, visibleFields } from "./fields.ts";
import { idOf, type Organization, smallOrganization, smallTruth } from "./organization.ts";
import { openQueries, type Queries } from "./queries.ts";
import { expired, failed, loginFailed, type Reply } from "./reply.ts";
import { type WriteDeps, writeCollection, writeOne } from "./writes.ts";

export const credentials = { id: "the-client", secret: "the-client-secret" } as const;
export const organizationId = "00D000000000001";
/** The user of every login. */
export const ownUser = idOf("005", 99);

export interface FakeOptions {
  readonly organization?: Organization;
  /** Rows Salesforce gives at once. */
  readonly pageRows?: number;
  /** The vendor's clock. */
  readonly clock?: () => Date;
  /** The right client secret; null: every one. */
  readonly secret?: string | null;
}

export interface SalesforceFake extends SourceFake, Visibility {
  readonly organization: Organization;
  /** Requests to the data API: `GET /query?q=…`, decoded. */
  readonly asked: string[];
  /** How often somebody logged in. */
  readonly logins: () => number;
  endSessions(): void;
  endLocators(): void;
  /** The organization's validation rules. */
  rule: WriteDeps["rule"];
  /** Decides for a request before the fake does; null: it answers itself. */
  intercept: (path: string, request: StubRequest) => Reply | null;
  /** Does what a request says, and then breaks the connection instead of answering. */
  loseAnswer: (request: StubRequest) => boolean;
  /** `used/total` of the day's calls. */
  usage: string;
}

/** An organization on loopback: the login, queries with cursors of a session, descriptions, writes by id, by key and in collections. */
export async function startSalesforceFake(options: FakeOptions = {}): Promise<SalesforceFake> {
  const { organization = smallOrganization(), pageRows = 2_000, clock = () => new Date() } = options;
  const { secret = credentials.secret } = options;
  const visibility: Visibility = { hidden: new Set(), custom: new Map() };
  const queries = openQueries(organization, visibility, pageRows);
  const sessions = new Set<string>();
  const asked: string[] = [];
  const state: Pick<SalesforceFake, "rule" | "intercept" | "usage" | "loseAnswer"> = {
    rule: () => null,
    intercept: () => null,
    usage: "10018/100000",
    loseAnswer: () => false,
  };
  let logins = 0;

  const login = (request: StubRequest): Reply => {
    const form = new URLSearchParams(request.body.toString("utf8"));
    if (form.get("grant_type") !== "client_credentials") return loginFailed("unsupported_grant_type", "not supported");
    const isRight = form.get("client_id") === credentials.id && [null, form.get("client_secret")].includes(secret);
    if (!isRight) return loginFailed("invalid_client", "invalid client credentials");
    logins += 1;
    const token = `${organizationId}!session.${logins}`;
    sessions.add(token);
    const id = `https://login.example.com/id/${organizationId}AAA/${ownUser}`;
    const rest = { id, token_type: "Bearer", issued_at: String(logins), signature: "x=" };
    return { status: 200, body: { access_token: token, instance_url: url, ...rest } };
  };

  const answer = (request: StubRequest): Reply => {
    const { pathname, searchParams } = new URL(request.url, "http://fake");
    if (request.url.length > 16_384) return { status: 414 };
    const intercepted = state.intercept(pathname, request);
    if (intercepted !== null) return intercepted;
    if (pathname === "/services/oauth2/token") return login(request);
    const session = String(request.headers.authorization).replace("Bearer ", "");
    if (!sessions.has(session)) return expired;
    const path = pathname.replace(/^\/services\/data\/v\d+\.\d/, "");
    const q = searchParams.get("q");
    asked.push(`${request.method} ${path}${q === null ? "" : `?q=${q}`}`);
    if (path.startsWith("/query")) return queried(queries, path, q, session);
    if (path.endsWith("/describe")) return description(visibility, path.split("/")[2] ?? "");
    const deps: WriteDeps = { organization, visibility, user: ownUser, clock, rule: state.rule };
    return written(deps, path, JSON.parse(request.body.toString("utf8")));
  };

  const stub = await startHttpStub((response, request) => {
    const { status, body, headers } = answer(request);
    if (!request.url.endsWith("/token") && state.loseAnswer(request)) {
      response.socket?.resetAndDestroy();
      return;
    }
    const limit = { "sforce-limit-info": `api-usage=${state.usage}` };
    const usual = { "content-type": "application/json;charset=UTF-8", date: clock().toUTCString(), ...limit };
    response.writeHead(status, { ...usual, ...headers });
    response.end(body === undefined || status === 204 ? undefined : JSON.stringify(body));
  });
  const url = `http://127.0.0.1:${stub.port}`;

  return Object.assign(state, visibility, {
    url,
    organization,
    asked,
    logins: () => logins,
    endSessions: () => sessions.clear(),
    endLocators: queries.endLocators,
    truth: smallTruth,
    close: stub.close,
  });
}

function queried(queries: Queries, path: string, q: string | null, session: string): Reply {
  return q === null ? queries.next(path, session) : queries.ask(q, path === "/queryAll", session);
}

function written(deps: WriteDeps, path: string, body: Readonly<Record<string, unknown>>): Reply {
  if (path === "/composite/sobjects") return writeCollection(deps, body);
  const [, , object = "", ...by] = path.split("/");
  return writeOne(deps, object, by.map(decodeURIComponent), body);
}

function description(visibility: Visibility, object: string): Reply {
  if (!isVisible(visibility, object)) return failed(404, "NOT_FOUND", "The requested resource does not exist");
  const fields = visibleFields(visibility, object).map((name) => {
    const { externalId = false, updateable = true } = visibility.custom.get(`${object}.${name}`) ?? {};
    return { name, externalId, updateable, type: "string" };
  });
  return { status: 200, body: { name: object, fields } };
}
