import type { Page, Source } from "../../../src/integrations/source-port.ts";
import type { Input } from "../../../src/scoring/records.ts";
import { plainSource } from "../plain-source.ts";

/** How a ledger is given out. */
export interface LedgerPaging {
  /** Things of the pages, in turn. */
  readonly sizes: readonly number[];
  /** So many things of the page before come again. */
  readonly overlap: number;
  /** Mixes a page: the vendor promises no order within it. */
  readonly mix: (things: readonly Input[]) => readonly Input[];
}

const plainPaging: LedgerPaging = { sizes: [3], overlap: 0, mix: (things) => things };

/** A source that reads a list of things from its beginning to its end; its cursor is the place it has come to. */
export function ledgerSource(
  things: readonly Input[],
  id = "ledger",
  paging = plainPaging,
  beforePage: (page: number) => void = () => undefined,
): Source {
  return plainSource({
    id,
    idsAreKeys: false,
    streams: ["ticket"],
    async pull(_stream, cursor): Promise<Page> {
      const [page, at] = Array.isArray(cursor) ? [Number(cursor[0]), Number(cursor[1])] : [0, 0];
      beforePage(page);
      const end = Math.min(things.length, at + (paging.sizes[page % paging.sizes.length] ?? 1));
      const raw = paging.mix(things.slice(Math.max(0, at - paging.overlap), end));
      return { raw, cursor: [page + 1, end], done: end === things.length, backfilled: false };
    },
  });
}

/** Two accounts; tickets that change; usage events that would count twice if they came twice. */
export function ledgerThings(count: number): readonly Input[] {
  const accounts = ["acme", "globex"].map(
    (id): Input => ({ kind: "account", id, at: "2026-01-01T00:00:00Z", set: { name: id } }),
  );
  const things = Array.from({ length: count }, (_, index): Input => {
    const account = index % 2 === 0 ? "acme" : "globex";
    if (index % 3 === 0) {
      return {
        kind: "usage",
        mode: "event",
        account,
        name: "logins",
        day: "2026-03-01",
        value: index,
        id: `e${index}`,
      };
    }
    const at = `2026-02-${String(1 + (index % 28)).padStart(2, "0")}T00:00:00Z`;
    return { kind: "ticket", id: `t${index % 7}-${account}`, account, at, set: { subject: `as of thing ${index}` } };
  });
  return [...accounts, ...things];
}
