import { sql } from "kysely";
import type { Db } from "./db.ts";

export interface ServerFacts {
  readonly version: string;
  readonly now: Date;
  readonly connections: number;
  readonly maxConnections: number;
}

/** What the server says of itself. */
export async function readServerFacts(db: Db): Promise<ServerFacts> {
  const { rows } = await sql<ServerFacts>`
    select current_setting('server_version') as version, clock_timestamp() as now,
      (select count(*) from pg_stat_activity where backend_type = 'client backend')::integer as connections,
      current_setting('max_connections')::integer as max_connections`.execute(db);
  const [facts] = rows;
  if (facts === undefined) throw new Error("The database said nothing of itself.");
  return facts;
}
