import { type Request, type Response, Router } from "express";
import type { Configuration } from "../playbooks/configuration.ts";
import { readSurveyLink, type SurveyKey } from "../playbooks/customer-links.ts";
import { plainText } from "../playbooks/escape.ts";
import { readScore } from "../playbooks/survey/scale.ts";
import { type Db, readNow } from "../store/db.ts";
import { openLinkSigner } from "../store/link-signer.ts";
import { answerSurvey } from "../store/survey-answers.ts";
import { findSurveyRequest, type SurveyRequest } from "../store/survey-requests.ts";
import { sendPage, sendUnknownLink } from "./customer-page.ts";
import { onlyMethods } from "./problem.ts";
import { openRawReader } from "./raw-body.ts";
import { endedPage, longestComment, surveyPage } from "./survey-page.ts";

export interface SurveyDeps {
  readonly db: Db;
  readonly configuration: () => Promise<Configuration>;
}

/** `/s/<token>/<score>`: what the links of a survey's mail open. Looking at it records nothing: mail scanners open every link. */
export function surveyRoutes(deps: SurveyDeps): Router {
  const router = Router();
  router
    .route("/s/:token/:score")
    .get((request, response) => showSurvey(deps, request, response))
    .post((request, response) => takeAnswer(deps, request, response))
    .all(onlyMethods("GET, HEAD, POST"));
  return router;
}

/** A survey as its link names it. */
interface Opened {
  readonly key: SurveyKey;
  readonly request: SurveyRequest;
  readonly zone: string;
  readonly now: Date;
  readonly isEnded: boolean;
}

async function showSurvey(deps: SurveyDeps, request: Request, response: Response): Promise<void> {
  const opened = await openSurvey(deps, request);
  if (opened === null) return sendUnknownLink(response);
  const chosen = readScore(opened.request.type, String(request.params["score"]));
  sendPage(response, opened.isEnded ? endedPage(opened) : surveyPage({ ...opened, chosen }));
}

/** A comment of the longest length in characters that percent signs make three times as long, each of up to four bytes. */
const readForm = openRawReader({ limit: 64 * 1024, inflate: false });

async function takeAnswer(deps: SurveyDeps, request: Request, response: Response): Promise<void> {
  const form = new URLSearchParams((await readForm(request, response)).toString("utf8"));
  const opened = await openSurvey(deps, request);
  if (opened === null) return sendUnknownLink(response);
  const score = readScore(opened.request.type, form.get("score") ?? "");
  const comment = plainText(form.get("comment") ?? "").trim();
  if (score === null || comment.length > longestComment) {
    const typed = { ...opened.request, comment: comment.slice(0, longestComment) };
    return sendPage(response, surveyPage({ ...opened, request: typed, chosen: score }, 400));
  }
  const answer = { score, comment: comment === "" ? null : comment };
  const outcome = await deps.db.transaction().execute((tx) => answerSurvey(tx, opened.key, answer, opened.now));
  if (outcome.kind === "ended") return sendPage(response, endedPage(opened));
  // Relative, so that it holds behind any address; and reloading the page that follows sends nothing again.
  response.redirect(303, `./${score}`);
}

async function openSurvey({ db, configuration }: SurveyDeps, request: Request): Promise<Opened | null> {
  const content = (await openLinkSigner(db)).read("survey", String(request.params["token"]));
  const key = content === null ? null : readSurveyLink(content);
  const found = key === null ? null : await findSurveyRequest(db, key);
  if (key === null || found === null) return null;
  const now = await readNow(db);
  const zone = found.zone ?? (await configuration()).scorer.company.zone;
  return { key, request: found, zone, now, isEnded: found.email === null || found.expiresAt <= now };
}
