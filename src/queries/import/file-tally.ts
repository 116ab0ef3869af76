import type { IntakeSummary } from "../../store/intake.ts";
import type { ImportRow } from "./import-file.ts";

/** A row of which something was rejected, with every reason. */
export interface RejectedRow extends ImportRow {
  readonly reasons: readonly string[];
}

/** What became of one file. */
export interface FileSummary {
  readonly file: string;
  readonly rows: number;
  /** Inputs that the rows gave, by kind of record. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly written: number;
  readonly unchanged: number;
  readonly held: number;
  readonly accountsCreated: number;
  /** Rows of which at least one input was rejected. */
  readonly rejectedRows: number;
  /** Rejected inputs by kind (`row` where no row could be read, `held` for what had waited for its account) and cause, most first. */
  readonly rejects: readonly { readonly kind: string; readonly cause: string; readonly count: number }[];
  readonly warnings: readonly { readonly warning: string; readonly rows: number }[];
}

/** Counts what became of a file, batch by batch. */
export class FileTally {
  readonly #file: string;
  readonly #inputs = new Map<string, number>();
  readonly #rejects = new Map<string, { kind: string; cause: string; count: number }>();
  readonly #warnings = new Map<string, number>();
  #rows = 0;
  #rejectedRows = 0;
  #sums = { written: 0, unchanged: 0, held: 0, accountsCreated: 0 };

  constructor(file: string) {
    this.#file = file;
  }

  rows(count: number): void {
    this.#rows += count;
  }

  input(kind: string): void {
    add(this.#inputs, kind);
  }

  warning(warning: string): void {
    add(this.#warnings, warning);
  }

  reject(kind: string, cause: string): void {
    const known = this.#rejects.get(`${kind} ${cause}`);
    if (known === undefined) this.#rejects.set(`${kind} ${cause}`, { kind, cause, count: 1 });
    else known.count += 1;
  }

  rejectedRows(count: number): void {
    this.#rejectedRows += count;
  }

  applied(summary: IntakeSummary): void {
    this.#sums = {
      written: this.#sums.written + summary.written,
      unchanged: this.#sums.unchanged + summary.unchanged,
      held: this.#sums.held + summary.held,
      accountsCreated: this.#sums.accountsCreated + summary.accountsCreated,
    };
  }

  summary(): FileSummary {
    return {
      file: this.#file,
      rows: this.#rows,
      inputs: Object.fromEntries(this.#inputs),
      ...this.#sums,
      rejectedRows: this.#rejectedRows,
      rejects: [...this.#rejects.values()].sort((a, b) => b.count - a.count),
      warnings: [...this.#warnings].map(([warning, rows]) => ({ warning, rows })).sort((a, b) => b.rows - a.rows),
    };
  }
}

/** The rejected rows of a batch, each with all its reasons. */
export class Rejects {
  readonly #tally: FileTally;
  readonly #reasons = new Map<ImportRow, Set<string>>();

  constructor(tally: FileTally) {
    this.#tally = tally;
  }

  add(row: ImportRow, kind: string, reason: string, cause: string): void {
    this.#tally.reject(kind, cause);
    const known = this.#reasons.get(row);
    if (known !== undefined) known.add(reason);
    else {
      this.#reasons.set(row, new Set([reason]));
      this.#tally.rejectedRows(1);
    }
  }

  rows(): RejectedRow[] {
    return [...this.#reasons]
      .map(([{ line, raw }, reasons]) => ({ line, raw, reasons: [...reasons] }))
      .sort((a, b) => a.line - b.line);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
