import { startHttpStub } from "../http-stub.ts";

/** A line of an export. */
export interface ExportLine {
  readonly event: string;
  readonly properties: Readonly<Record<string, unknown>> & { readonly time: number };
}

export interface MixpanelFake {
  readonly url: string;
  /** What was sent to the project; tests change it between pulls. */
  readonly lines: ExportLine[];
  /** The query of every request. */
  readonly queries: URLSearchParams[];
  close(): Promise<void>;
}

export const projectId = 42;
const dayMs = 86_400_000;

/** The export of a project whose days are UTC's. Its lines come in another order each time. */
export async function startMixpanelFake(lines: ExportLine[]): Promise<MixpanelFake> {
  const queries: URLSearchParams[] = [];
  const stub = await startHttpStub((response, request) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const refuse = (status: number, error: string) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error, status: "error" }));
    };
    if (pathname !== "/api/2.0/export") return refuse(404, "Not found");
    if (!/^Basic \S+$/.test(request.headers.authorization ?? "")) return refuse(401, "Authentication failed");
    if (searchParams.get("project_id") !== String(projectId)) return refuse(400, "Invalid project");
    queries.push(searchParams);
    const from = Date.parse(searchParams.get("from_date") ?? "");
    const to = Date.parse(searchParams.get("to_date") ?? "") + dayMs;
    const names = searchParams.get("event");
    const wanted: readonly string[] | null = names === null ? null : JSON.parse(names);
    const found = lines.filter(({ event, properties: { time } }) => {
      return time * 1000 >= from && time * 1000 < to && (wanted === null || wanted.includes(event));
    });
    const most = Number(searchParams.get("limit") ?? Number.POSITIVE_INFINITY);
    const turned = queries.length % 2 === 0 ? found : found.toReversed();
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(
      turned
        .slice(0, most)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(""),
    );
  });
  return { url: `http://127.0.0.1:${stub.port}`, lines, queries, close: stub.close };
}
