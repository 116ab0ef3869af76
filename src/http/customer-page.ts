import { createHash } from "node:crypto";
import type { Response } from "express";
import { escapeHtml } from "../playbooks/escape.ts";

/** A page for whoever opens a link of ours: small, without scripts, pictures or anything from elsewhere. */
export interface CustomerPage {
  readonly status: number;
  readonly language: string;
  readonly title: string;
  /** HTML, with everything that is not our own escaped. */
  readonly content: string;
}

const style = `
:root { color-scheme: light dark }
body { margin: 0; font: 17px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; background: Canvas; color: CanvasText }
main { max-width: 36rem; margin: 0 auto; padding: 2rem 1rem 3rem }
h1 { font-size: 1.25rem; line-height: 1.35; margin: 0 0 1rem }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0 }
legend { font-size: 1.25rem; font-weight: 600; line-height: 1.35; padding: 0; margin: 0 0 1rem }
.scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(2.4rem, 1fr)); gap: .4rem }
.scores label { min-height: 3.25rem; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: .15rem; border: 1px solid GrayText; border-radius: .4rem; cursor: pointer }
.scores label:has(:checked) { outline: 3px solid #2563eb; outline-offset: -1px; font-weight: 700 }
.scores input { margin: 0; accent-color: #2563eb }
.ends { display: flex; justify-content: space-between; gap: 1rem; font-size: .9rem; margin: .4rem 0 1.5rem }
textarea { display: block; box-sizing: border-box; width: 100%; min-height: 7rem; margin: .4rem 0 1.25rem; padding: .6rem; font: inherit; border: 1px solid GrayText; border-radius: .4rem }
button { font: inherit; font-weight: 600; padding: .75rem 1.5rem; border: 0; border-radius: .4rem; background: #1d4ed8; color: #fff; cursor: pointer }
:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
.note { border-left: 4px solid #2563eb; padding: .1rem 0 .1rem .8rem; margin: 0 0 1.5rem }
`;

/** Only our own style, by its hash, and forms that come back to us: text that slipped through could do nothing. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Answers a page. The link in the address bar goes nowhere else, and no search engine keeps it. */
export function sendPage(response: Response, { status, language, title, content }: CustomerPage): void {
  response.setHeader("content-security-policy", policy);
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("x-robots-tag", "noindex, nofollow");
  const page = [
    `<!doctype html><html lang="${escapeHtml(language)}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style>${style}</style></head>`,
    `<body><main>${content}</main></body></html>`,
  ];
  response.status(status).type("text/html; charset=utf-8").send(page.join("\n"));
}

/** For links that we never signed, or of which nothing is left. */
export function sendUnknownLink(response: Response): void {
  const title = "This link does not work";
  const content = `<h1>${title}</h1><p>It may have been cut off or changed on its way. Please open it from the message itself.</p>`;
  sendPage(response, { status: 404, language: "en", title, content });
}
