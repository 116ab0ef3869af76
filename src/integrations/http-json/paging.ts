import { type Answer, SourceHalt } from "../call-port.ts";
import { cellText, openJsonPath } from "../json-path.ts";
import type { HttpJsonStream } from "./settings.ts";

/** Where a page is: a name, a number or a URL of the vendor's; null for the first one. */
export type Place = string | number | null;

/** How one page leads to the next. */
export interface Paging {
  /** The parameter to set for a page, if any. */
  parameter(place: Place): { readonly name: string; readonly value: string } | null;
  /** The URL of a page, where the vendor gave one. */
  url(place: Place): string | null;
  /** Where the next page is; null after the last. Throws `SourceHalt` where the vendor leads in a circle or elsewhere. */
  next(place: Place, page: PageFound): Place;
}

export interface PageFound {
  readonly answer: Answer;
  readonly body: unknown;
  readonly things: readonly unknown[];
}

/** Compiles a way of paging. `baseUrl`: the only host to which a link may lead; `secret`: a parameter that is never kept with a link. */
export function openPaging(paging: HttpJsonStream["paging"], baseUrl: string, secret: string | null): Paging {
  switch (paging.kind) {
    case "none":
      return { ...nowhere, next: () => null };
    case "cursor": {
      const find = openJsonPath(paging.next);
      return { ...byParameter(paging.param), next: (place, { body }) => named(place, cellText(find(body)[0])) };
    }
    case "last-record": {
      const find = openJsonPath(paging.next);
      return {
        ...byParameter(paging.param),
        next: (place, { things }) =>
          things.length < paging.size ? null : named(place, cellText(find(things.at(-1))[0])),
      };
    }
    case "page":
      return {
        ...byParameter(paging.param, String(paging.first)),
        next: (place, { things }) => (things.length < paging.size ? null : numberOf(place, paging.first) + 1),
      };
    case "offset":
      return {
        ...byParameter(paging.param, "0"),
        next: (place, { things }) => (things.length < paging.size ? null : numberOf(place, 0) + things.length),
      };
    case "link": {
      const find = paging.next === undefined ? null : openJsonPath(paging.next);
      return {
        parameter: () => null,
        url: (place) => (place === null ? null : String(place)),
        next: (place, { answer, body }) => {
          const text = find === null ? linkOf(answer) : cellText(find(body)[0]);
          return text === "" ? null : named(place, ownLink(text, baseUrl, secret));
        },
      };
    }
    default:
      return paging satisfies never;
  }
}

const nowhere = { parameter: () => null, url: () => null };

function byParameter(name: string, first?: string): Pick<Paging, "parameter" | "url"> {
  return {
    parameter: (place) => {
      const value = place === null ? first : String(place);
      return value === undefined ? null : { name, value };
    },
    url: () => null,
  };
}

/** A page that names itself as the next one would be pulled for ever. */
function named(place: Place, next: string): Place {
  if (next === "" || next === "null") return null;
  if (next === String(place)) {
    throw new SourceHalt({ kind: "fatal", reason: "the service names the same page as the next one" });
  }
  return next;
}

function numberOf(place: Place, first: number): number {
  return typeof place === "number" ? place : first;
}

/** `Link: <https://…?page=2>; rel="next"` (RFC 8288). */
function linkOf(answer: Answer): string {
  const header = answer.headers["link"];
  if (typeof header !== "string") return "";
  const next = header.split(/,(?=\s*<)/).find((link) => /;\s*rel="?(?:[^"]*\s)?next(?:\s[^"]*)?"?/i.test(link));
  return /<([^>]*)>/.exec(next ?? "")?.[1] ?? "";
}

/** Credentials go nowhere else, and are not kept in a cursor. */
function ownLink(text: string, baseUrl: string, secret: string | null): string {
  const base = new URL(baseUrl);
  const url = URL.canParse(text, baseUrl) ? new URL(text, baseUrl) : null;
  if (url !== null && url.origin === base.origin) {
    if (secret !== null) url.searchParams.delete(secret);
    return url.href;
  }
  throw new SourceHalt({ kind: "fatal", reason: "the service names a next page on another host" });
}
