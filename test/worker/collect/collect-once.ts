// Collects the ledger in a process of its own, and kills itself at the nth crossing of a boundary: `<database url> <boundary> <n>`.
import { z } from "zod";
import { openDatabase } from "../../../src/store/db.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { collectDeps } from "../plain-source.ts";
import { ledgerSource, ledgerThings } from "./ledger-source.ts";

const [url, boundary, last] = z.tuple([z.string(), z.string(), z.coerce.number()]).parse(process.argv.slice(2));
const { db } = openDatabase(url);
let crossings = 0;
const deps = {
  ...collectDeps(db, [ledgerSource(ledgerThings(20))]),
  atBoundary: (reached: string) => {
    if (reached === boundary) crossings += 1;
    if (crossings === last) process.kill(process.pid, "SIGKILL");
  },
};
await collectDue(deps, new Date("2026-03-10T12:00:00Z"));
throw new Error(`the boundary ${boundary} was not reached ${last} times`);
