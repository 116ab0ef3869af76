import { isVisible, type Visibility, visibleFields } from "./fields.ts";
import type { Organization } from "./organization.ts";
import { expired, failed, type Reply } from "./reply.ts";
import { parseSoql, type Row, type Soql, sorted } from "./soql.ts";

/** Rows as they were when they were asked for, for the session that asked. */
interface Locator {
  readonly rows: readonly Row[];
  readonly soql: Soql;
  readonly session: string;
}

export interface Queries {
  ask(text: string, withDeleted: boolean, session: string): Reply;
  /** The next page; `path` is that of a `nextRecordsUrl`. */
  next(path: string, session: string): Reply;
  endLocators(): void;
}

/** Queries of an organization, with cursors. */
export function openQueries(organization: Organization, visibility: Visibility, pageRows: number): Queries {
  const locators = new Map<string, Locator>();
  let made = 0;

  const page = (locator: Locator, from: number): Reply => {
    const { rows, soql } = locator;
    const records = rows.slice(from, from + pageRows).map((row) => ({
      attributes: { type: soql.object, url: `/services/data/v62.0/sobjects/${soql.object}/${String(row["Id"])}` },
      ...Object.fromEntries(soql.fields.map((name) => [name, row[name] ?? null])),
    }));
    const done = from + pageRows >= rows.length;
    if (done) return { status: 200, body: { totalSize: rows.length, done, records } };
    made += 1;
    locators.set(`01g${made}`, locator);
    const nextRecordsUrl = `/services/data/v62.0/query/01g${made}-${from + pageRows}`;
    return { status: 200, body: { totalSize: rows.length, done, nextRecordsUrl, records } };
  };

  return {
    ask(text, withDeleted, session) {
      const soql = parsed(text);
      if ("status" in soql) return soql;
      const refusal = refusalOf(soql, visibility);
      if (refusal !== null) return refusal;
      const { object, orderBy, limit, matches } = soql;
      const rows = (organization[object] ?? [])
        .filter((row) => withDeleted || row["IsDeleted"] !== true)
        .filter(matches);
      return page({ rows: sorted(rows, orderBy).slice(0, limit ?? undefined), soql, session }, 0);
    },
    next(path, session) {
      const [, name = "", from = ""] = /\/(\w+)-(\d+)$/.exec(path) ?? [];
      const locator = locators.get(name);
      if (locator === undefined) return failed(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
      // Another session's cursor is answered like no session at all.
      return locator.session === session ? page(locator, Number(from)) : expired;
    },
    endLocators: () => locators.clear(),
  };
}

function parsed(text: string): Soql | Reply {
  try {
    return parseSoql(text);
  } catch (error) {
    return failed(400, "MALFORMED_QUERY", error instanceof Error ? error.message : "");
  }
}

function refusalOf({ object, fields }: Soql, visibility: Visibility): Reply | null {
  if (!isVisible(visibility, object)) return failed(400, "INVALID_TYPE", `sObject type '${object}' is not supported.`);
  const visible = visibleFields(visibility, object);
  const unknown = fields.find((name) => !visible.includes(name));
  if (unknown === undefined) return null;
  const words = `No such column '${unknown}' on entity '${object}'. If you are attempting to use a custom field, be sure`;
  return failed(400, "INVALID_FIELD", `\nSELECT ${unknown}\n       ^\nERROR at Row:1:Column:8\n${words}`);
}
