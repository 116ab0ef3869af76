/** What a signed link is for: one of one sort never opens the other. */
export type LinkPurpose = "survey" | "unsubscribe";

/** Signs what a link carries: a text of letters, digits, `-`, `_` and `.`. */
export type SignLink = (purpose: LinkPurpose, content: string) => string;

/** The step that asks, once for each visit of a run. */
export interface SurveyKey {
  readonly runId: number;
  readonly stepId: string;
  readonly visit: number;
}

/** Where a server is reached. */
export interface ServerAddress {
  /** Without a slash at the end. */
  readonly url: string;
  /** False: only where this server listens by itself, which no customer reaches. */
  readonly isPublic: boolean;
}

/** The links in mail to customers: they lead to our own server, and whoever holds one needs no password. */
export interface CustomerLinks {
  readonly isPublic: boolean;
  unsubscribe(address: string): string;
  /** One of a survey's answers. */
  answer(asked: SurveyKey, score: number): string;
}

/** Makes the links of a server. */
export function customerLinks({ url, isPublic }: ServerAddress, sign: SignLink): CustomerLinks {
  return {
    isPublic,
    unsubscribe: (address) => `${url}/u/${sign("unsubscribe", address)}`,
    answer: (asked, score) => `${url}/s/${sign("survey", surveyLinkContent(asked))}/${score}`,
  };
}

/** What a survey's link carries: no word about the customer. */
function surveyLinkContent({ runId, visit, stepId }: SurveyKey): string {
  return `${runId}.${visit}.${stepId}`;
}

/** The step that a survey's link names; null for what is none. */
export function readSurveyLink(content: string): SurveyKey | null {
  const [, runId, visit, stepId] = /^(\d{1,15})\.(\d{1,9})\.([a-z0-9-]{1,80})$/.exec(content) ?? [];
  if (stepId === undefined) return null;
  return { runId: Number(runId), visit: Number(visit), stepId };
}
