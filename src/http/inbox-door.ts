import type { InboundItem } from "../integrations/hook-port.ts";
import type { Log } from "../log.ts";
import type { Db } from "../store/db.ts";
import { addRefusals, type RefusalCount } from "../store/inbox/refusals.ts";
import { type NewInboxItem, storeItems } from "../store/inbox.ts";
import { notify } from "../store/notify.ts";
import { Problem } from "./problem.ts";

/** Where a server keeps what it takes in, and counts what it does not. */
export interface InboxDoor {
  /** Returns once the items are on disk: how many of them are new. Rejects when the database is away. */
  keep(source: string, items: readonly InboundItem[]): Promise<number>;
  /** Counts a delivery that was refused; written down within a second or so. */
  refuse(source: string, reason: string): void;
  /** Writes down what was counted. */
  close(): Promise<void>;
}

/** Items in one statement at most. */
const mostItems = 500;
/** Characters of bodies in one statement at most, but for a single delivery that is larger. */
const mostCharacters = 1024 * 1024;
/** Statements under way at a time: while the database is at one, the next one is made. */
const mostUnderWay = 2;
/** Characters that may wait while the database does not answer; beyond, senders are told to come again. */
const mostWaiting = 64 * 1024 * 1024;
/** The collect stage is woken this long after a delivery, once for all that came meanwhile. */
const wakeMs = 50;
const refusalsMs = 1_000;

interface Waiting {
  /** Of its first item. */
  readonly key: string;
  readonly items: readonly NewInboxItem[];
  readonly characters: number;
  readonly resolve: (news: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Opens the door of one server. Few statements are under way at a time, and the next one takes all deliveries that wait for it: a commit
 * costs a write to the disk, however much is in it.
 */
export function openInboxDoor(db: Db, log: Log): InboxDoor {
  const keeper = new Keeper(db, log);
  const book = new RefusalBook(db, log);
  return {
    keep: (source, items) => keeper.keep(source, items),
    refuse: (source, reason) => book.add(source, reason),
    async close() {
      keeper.close();
      await book.close();
    },
  };
}

class Keeper {
  readonly #db: Db;
  readonly #log: Log;
  readonly #waiting: Waiting[] = [];
  #charactersWaiting = 0;
  #underWay = 0;
  #wake: NodeJS.Timeout | null = null;

  constructor(db: Db, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  async keep(source: string, items: readonly InboundItem[]): Promise<number> {
    if (items.length === 0) return 0;
    if (this.#charactersWaiting > mostWaiting) throw new Problem(503, "The database does not keep up; try again.");
    return new Promise((resolve, reject) => {
      const characters = items.reduce((sum, { body }) => sum + body.length, 0);
      this.#charactersWaiting += characters;
      const key = `${source} ${items[0]?.dedupeKey}`;
      this.#waiting.push({ key, items: items.map((item) => ({ source, ...item })), characters, resolve, reject });
      if (this.#underWay < mostUnderWay) void this.#write();
    });
  }

  close(): void {
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#wake = null;
  }

  async #write(): Promise<void> {
    this.#underWay += 1;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#store(batch);
    this.#underWay -= 1;
  }

  #take(): readonly Waiting[] {
    let items = 0;
    let characters = 0;
    const end = this.#waiting.findIndex((each) => {
      items += each.items.length;
      characters += each.characters;
      return items > mostItems || characters > mostCharacters;
    });
    const taken = this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
    for (const each of taken) this.#charactersWaiting -= each.characters;
    // Statements wait for one another over keys that both bring; in one order of keys nobody waits for somebody who waits for him.
    return taken.sort((one, other) => Number(one.key > other.key) - Number(one.key < other.key));
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      const isNew = await storeItems(
        this.#db,
        batch.flatMap(({ items }) => items),
      );
      let from = 0;
      for (const { items, resolve } of batch) {
        resolve(isNew.slice(from, from + items.length).filter(Boolean).length);
        from += items.length;
      }
      if (isNew.some(Boolean)) this.#wakeCollect();
    } catch (error) {
      // A delivery that the database does not take must not cost the others theirs.
      if (batch.length > 1 && isAboutThese(error)) for (const each of batch) await this.#store([each]);
      else for (const { reject } of batch) reject(error);
    }
  }

  #wakeCollect(): void {
    this.#wake ??= setTimeout(() => {
      this.#wake = null;
      notify(this.#db, "collect").catch((error: unknown) => {
        this.#log.warn({ err: error }, "the collect stage could not be woken; it looks by itself soon");
      });
    }, wakeMs);
  }
}

/** SQLSTATE classes that speak of the values of a statement, or of another one that has the same, not of the server. */
function isAboutThese(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(22|23|40|54)/.test(String(error.code));
}

/** Refusals are counted here and written down together: nobody can make the database write for each of them. */
class RefusalBook {
  readonly #db: Db;
  readonly #log: Log;
  #counts = new Map<string, RefusalCount>();
  #timer: NodeJS.Timeout | null = null;

  constructor(db: Db, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  add(source: string, reason: string): void {
    this.#addUp({ source, reason, deliveries: 1 });
    this.#timer ??= setTimeout(() => void this.#flush(), refusalsMs);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#flush();
  }

  #addUp({ source, reason, deliveries }: RefusalCount): void {
    const key = `${source} ${reason}`;
    const before = this.#counts.get(key)?.deliveries ?? 0;
    this.#counts.set(key, { source, reason, deliveries: before + deliveries });
  }

  async #flush(): Promise<void> {
    this.#timer = null;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    try {
      await addRefusals(this.#db, counts);
    } catch (error) {
      // Written down with the next refusal: while the database is away every delivery is one.
      for (const count of counts) this.#addUp(count);
      this.#log.warn({ err: error, counts }, "refused deliveries could not be written down yet");
    }
  }
}
