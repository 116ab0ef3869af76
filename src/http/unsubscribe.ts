import { type Request, type Response, Router } from "express";
import type { Configuration } from "../playbooks/configuration.ts";
import { escapeHtml } from "../playbooks/escape.ts";
import { type Db, readNow } from "../store/db.ts";
import { openLinkSigner } from "../store/link-signer.ts";
import { suppress } from "../store/mail-suppressions.ts";
import { sendPage, sendUnknownLink } from "./customer-page.ts";
import { onlyMethods } from "./problem.ts";

export interface UnsubscribeDeps {
  readonly db: Db;
  readonly configuration: () => Promise<Configuration>;
}

/**
 * `/u/<token>`: where mail to customers ends. Looking at it changes nothing, as mail scanners open every link; a POST, by the button or by a
 * mail program's one click (RFC 8058), does, without cookies, as often as one likes.
 */
export function unsubscribeRoutes(deps: UnsubscribeDeps): Router {
  const router = Router();
  router
    .route("/u/:token")
    .get((request, response) => ask(deps, request, response))
    .post((request, response) => unsubscribe(deps, request, response))
    .all(onlyMethods("GET, HEAD, POST"));
  return router;
}

async function ask(deps: UnsubscribeDeps, request: Request, response: Response): Promise<void> {
  const address = await addressOf(deps, request);
  if (address === null) return sendUnknownLink(response);
  const { companyName } = await deps.configuration();
  const title = `No more mail from ${companyName}?`;
  const content = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(address)} will get no more such mails.</p>`,
    // Without an action: to wherever the page came from.
    '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>',
  ].join("\n");
  sendPage(response, { status: 200, language: "en", title, content });
}

async function unsubscribe(deps: UnsubscribeDeps, request: Request, response: Response): Promise<void> {
  const address = await addressOf(deps, request);
  if (address === null) return sendUnknownLink(response);
  const now = await readNow(deps.db);
  const wish = { address, reason: "unsubscribed", detail: "by the link in a mail" } as const;
  await deps.db.transaction().execute((tx) => suppress(tx, [wish], now));
  const title = "You have unsubscribed";
  const content = `<h1>${title}</h1><p>${escapeHtml(address)} gets no more such mails.</p>`;
  sendPage(response, { status: 200, language: "en", title, content });
}

/** Null for a link that we never signed. */
async function addressOf({ db }: UnsubscribeDeps, request: Request): Promise<string | null> {
  return (await openLinkSigner(db)).read("unsubscribe", String(request.params["token"]));
}
