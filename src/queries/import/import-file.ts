import type { Input, SourceKind, StreamKind } from "../../scoring/records.ts";

/** A row as far as an import looks at it. */
export interface ImportRow {
  /** The physical line of the file, from 1. */
  readonly line: number;
  readonly raw: string;
}

/** A row that could not be read. */
export interface BrokenImportRow extends ImportRow {
  readonly reason: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** A file that has met its mapping: it reads rows, says whose they are and turns them into inputs. */
export interface ImportFile<Row extends ImportRow> {
  readonly path: string;
  readonly kinds: readonly StreamKind[];
  readonly unknownAccounts: "reject" | "hold";
  /** Set when rows name a record imported before instead of their account. */
  readonly via: SourceKind | null;
  /** Fields that `map` looks at, of the joined record and of the account. */
  readonly needs: { readonly record: boolean; readonly account: boolean };
  read(): AsyncIterable<{
    readonly rows: readonly Row[];
    readonly broken: readonly BrokenImportRow[];
    readonly bytes: number;
  }>;
  ownerOf(
    row: Row,
  ):
    | { readonly kind: "named"; readonly name: string }
    | { readonly kind: "none" }
    | { readonly kind: "unreadable"; readonly reason: string; readonly cause: string };
  map(
    row: Row,
    account: string,
    around: { readonly record: Fields; readonly account: Fields },
  ): {
    readonly inputs: readonly { readonly input: Input; readonly knownAt: "now" | "occurred" | Date }[];
    readonly warnings: readonly string[];
    readonly faults: readonly { readonly kind: StreamKind; readonly reason: string; readonly cause: string }[];
  };
  completeThrough(): readonly {
    readonly kind: StreamKind;
    readonly throughDay: string;
    readonly backfilled: boolean;
  }[];
}
