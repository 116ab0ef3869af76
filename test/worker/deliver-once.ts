// Delivers once in a process of its own, and kills itself at a boundary: `<database url> <ports> <boundary>`.
import { z } from "zod";
import { createLog } from "../../src/log.ts";
import { openDatabase } from "../../src/store/db.ts";
import { deliverDue } from "../../src/worker/deliver.ts";
import { openSinkChannels } from "./sinks.ts";

const [url, ports, boundary] = z.tuple([z.string(), z.string(), z.string()]).parse(process.argv.slice(2));
const { db } = openDatabase(url);
await deliverDue(
  {
    db,
    channels: openSinkChannels(z.object({ http: z.number(), smtp: z.number() }).parse(JSON.parse(ports))),
    log: createLog({ level: "silent", format: "json" }),
    jitter: () => 0,
    author: "child",
    atBoundary: (reached) => {
      if (reached === boundary) process.kill(process.pid, "SIGKILL");
    },
  },
  new Date(),
);
throw new Error(`the boundary ${boundary} was not reached`);
