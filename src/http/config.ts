import { type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { authorSchema } from "../queries/by-hand/wishes.ts";
import { configFaultSchema, toFaultJson } from "../queries/configuration/fault-json.ts";
import { readApplications, readHistory } from "../queries/configuration/history.ts";
import { type RollbackWish, rollBack } from "../queries/configuration/rollback.ts";
import {
  checkEdits,
  type DocumentEdit,
  removeDocument,
  type Saving,
  type SavingHand,
  saveDocument,
} from "../queries/configuration/saving.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { listRevisions, readRevisions } from "../store/document-history.ts";
import { type DocumentName, readLiveDocuments } from "../store/documents.ts";
import { requireScope, tokenOf } from "./bearer.ts";
import { mostConfigBytes, readDocumentText, readWish, savedOrProblem, seenRevision } from "./config-body.ts";
import { parseQuery } from "./hand.ts";
import { answerOnce } from "./idempotent.ts";
import { jsonBytes, optionalJsonBytes } from "./json-body.ts";
import { onlyMethods, Problem } from "./problem.ts";

interface ConfigDeps {
  readonly db: Db;
  /** Whether this server's environment has a variable that documents name. */
  readonly hasSecret: (name: string) => boolean;
}

/** Routes through which others read the documents in force and change them, with the checks and effects that the commands have. */
export function configRoutes({ db, hasSecret }: ConfigDeps): Router {
  const router = Router();
  const mayRead = requireScope(db, "config:read");
  const mayWrite = requireScope(db, "config:write");
  const one = "/api/v1/config/:kind/:id";
  router.route("/api/v1/config").get(mayRead, showLive(db)).all(onlyMethods("GET, HEAD"));
  router.route("/api/v1/config/history").get(mayRead, showApplications(db)).all(onlyMethods("GET, HEAD"));
  router
    .route("/api/v1/config/check")
    .post(mayRead, ...jsonBytes(mostConfigBytes), check(db))
    .all(onlyMethods("POST"));
  router
    .route("/api/v1/config/rollback")
    .post(mayWrite, ...optionalJsonBytes(mostConfigBytes), takeBack({ db, hasSecret }))
    .all(onlyMethods("POST"));
  router
    .route(one)
    .get(mayRead, showDocument(db))
    .put(mayWrite, ...jsonBytes(mostConfigBytes), save({ db, hasSecret }))
    .delete(mayWrite, remove({ db, hasSecret }))
    .all(onlyMethods("GET, HEAD, PUT, DELETE"));
  router.route(`${one}/history`).get(mayRead, showHistory(db)).all(onlyMethods("GET, HEAD"));
  return router;
}

/** What is asked about has a name that a text of ours could have. */
const wordSchema = z.string().regex(/^[\w-]{1,100}$/, "expected letters, digits, - and _");
const remarkSchema = z
  .string()
  .max(1000)
  .refine((text) => !/\0|\p{Cs}/u.test(text), "holds a NUL or a broken character");
/** Who and why, where the body is the document itself. */
const handQuery = z.strictObject({ author: authorSchema.optional(), note: remarkSchema.optional() });

function showLive(db: Db): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request);
    const live = await readLiveDocuments(db);
    response.json({
      documents: live.map(({ kind, id, revision, author, note, createdAt, body }) => ({
        ...{ kind, id, revision, author, note },
        at: createdAt.toISOString(),
        body,
      })),
    });
  };
}

function showApplications(db: Db): RequestHandler {
  const query = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(20) });
  return async (request, response) => {
    response.json(await readApplications(db, parseQuery(query, request).limit));
  };
}

function showHistory(db: Db): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request);
    const history = await readHistory(db, nameOf(request));
    if (history.revisions.length === 0) throw noSuchDocument;
    response.json(history);
  };
}

function showDocument(db: Db): RequestHandler {
  const query = z.strictObject({
    revision: z.coerce
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional(),
  });
  return async (request, response) => {
    const name = nameOf(request);
    const wanted = parseQuery(query, request).revision ?? (await liveRevision(db, name));
    const note = (await listRevisions(db, name)).find(({ revision }) => revision === wanted);
    const [found] = note === undefined ? [] : await readRevisions(db, [note]);
    if (note === undefined || found === undefined) throw noSuchDocument;
    const isLive = (await liveRevision(db, name)) === note.revision;
    response.setHeader("etag", `"${note.revision}"`);
    response.json({ ...note, at: note.at.toISOString(), isLive, body: found.body });
  };
}

async function liveRevision(db: Db | Tx, name: DocumentName): Promise<number | undefined> {
  const live = await readLiveDocuments(db);
  return live.find(({ kind, id }) => kind === name.kind && id === name.id)?.revision;
}

const savedSchema = z.strictObject({
  kind: z.string(),
  id: z.string(),
  /** The one in force; null where it was removed. */
  revision: z.int().nullable(),
  change: z.enum(["created", "changed", "unchanged", "removed"]),
});

function save(deps: ConfigDeps): RequestHandler {
  return async (request, response) => {
    const name = nameOf(request);
    const edit = readDocumentText(name, request.body);
    await write(deps, request, response, (tx, hand, now) => saveDocument(tx, edit, seenRevision(request), hand, now));
  };
}

function remove(deps: ConfigDeps): RequestHandler {
  return async (request, response) => {
    const name = nameOf(request);
    await write(deps, request, response, (tx, hand, now) => removeDocument(tx, name, seenRevision(request), hand, now));
  };
}

async function write(
  { db, hasSecret }: ConfigDeps,
  request: Request,
  response: Response,
  act: (tx: Tx, hand: SavingHand, now: Date) => Promise<Saving>,
): Promise<void> {
  const name = nameOf(request);
  const hand = { ...handOf(parseQuery(handQuery, request), response), hasSecret };
  const now = await readNow(db);
  await answerOnce(db, request, response, {
    shape: savedSchema,
    status: 200,
    content: contentOf(request),
    work: async (tx) => {
      const result = savedOrProblem(await act(tx, hand, now));
      const changes = ["created", "changed", "removed"] as const;
      const change = changes.find((one) => result[one].some(({ kind, id }) => kind === name.kind && id === name.id));
      const revision = (await liveRevision(tx, name)) ?? null;
      if (revision !== null) response.setHeader("etag", `"${revision}"`);
      return { ...name, revision, change: change ?? "unchanged" };
    },
  });
}

const nameSchema = z.strictObject({ kind: wordSchema, id: wordSchema });
const checkWish = z.strictObject({
  documents: z
    .array(z.union([nameSchema.extend({ body: z.json() }), nameSchema.extend({ text: z.string() })]))
    .max(1000)
    .default([]),
  removed: z.array(nameSchema).max(1000).default([]),
});
const checkedSchema = z.strictObject({ ok: z.boolean(), faults: z.array(configFaultSchema) });

function check(db: Db): RequestHandler {
  return async (request, response) => {
    const { documents, removed } = readWish(checkWish, request);
    const edits = documents.map((document): DocumentEdit => {
      const { kind, id } = document;
      if ("text" in document) return readDocumentText({ kind, id }, Buffer.from(document.text));
      return { kind, id, body: document.body, file: `${kind} ${id}` };
    });
    const faults = await checkEdits(db, edits, removed);
    response.json(checkedSchema.parse({ ok: faults.length === 0, faults: faults.map(toFaultJson) }));
  };
}

const rollbackWish = z.strictObject({
  /** What was in force then; without it, and without a document, before the last application. */
  to: z.iso.datetime({ offset: true }).optional(),
  document: nameSchema
    .extend({
      revision: z
        .int()
        .min(1)
        .max(2 ** 31 - 1),
    })
    .optional(),
  ...handQuery.shape,
});
const touched = z.array(z.strictObject({ kind: z.string(), id: z.string() }));
const rolledBackSchema = z.strictObject({ created: touched, changed: touched, unchanged: touched, removed: touched });

function takeBack({ db, hasSecret }: ConfigDeps): RequestHandler {
  return async (request, response) => {
    const { to, document, ...said } = readWish(rollbackWish, request);
    if (to !== undefined && document !== undefined) {
      throw new Problem(400, "A document goes back to a revision, or everything goes back to a moment.");
    }
    const wish = rollbackOf(to, document);
    const now = await readNow(db);
    await answerOnce(db, request, response, {
      shape: rolledBackSchema,
      status: 200,
      content: contentOf(request),
      work: async (tx) => {
        const result = savedOrProblem(await rollBack(tx, wish, { ...handOf(said, response), hasSecret }, now));
        return {
          created: [...result.created],
          changed: [...result.changed],
          unchanged: [...result.unchanged],
          removed: [...result.removed],
        };
      },
    });
  };
}

function rollbackOf(
  to: string | undefined,
  document: { readonly kind: string; readonly id: string; readonly revision: number } | undefined,
): RollbackWish {
  if (document !== undefined) return { kind: "revision", document };
  return to === undefined ? { kind: "last" } : { kind: "moment", at: new Date(to) };
}

/** A name that a token vouches for is told from one that only its holder gives. */
function handOf({ author, note }: z.infer<typeof handQuery>, response: Response): SavingHand {
  const token = tokenOf(response).name;
  return { author: author === undefined ? token : `${author} (via token ${token})`, note: note ?? null };
}

/** What makes it another request under the same `Idempotency-Key`. */
function contentOf(request: Request): string {
  const body: unknown = request.body;
  const bytes = Buffer.isBuffer(body) ? body.toString("base64") : "";
  const seen = [request.get("if-match") ?? null, request.get("if-none-match") ?? null];
  return `${request.method} ${request.originalUrl}\n${JSON.stringify(seen)}\n${bytes}`;
}

const noSuchDocument = new Problem(404, "There is no such document.");

function nameOf(request: Request): DocumentName {
  const name = nameSchema.safeParse({ kind: request.params["kind"], id: request.params["id"] });
  if (!name.success) throw noSuchDocument;
  return name.data;
}
