import { sql } from "kysely";
import { surveySource } from "../../playbooks/survey/record.ts";
import type { Tx } from "../db.ts";
import { erased } from "./eraser.ts";
import type { Person } from "./person.ts";

/**
 * Takes out of our own surveys whom they asked, and what that person wrote. The scores stay, as numbers without a name. Who holds a link to
 * one of them can answer it no more.
 */
export async function forgetSurveys(tx: Tx, { emails }: Person): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update survey_requests set email = null, contact = null, comment = null where email = any(${emails}::text[])
    returning id::text`.execute(tx);
  const ids = rows.map(({ id }) => id);
  await sql`
    update record_changes c set set = (c.set::jsonb || jsonb_build_object('contact', ${erased}::text)
      || case when c.set::jsonb ? 'comment' then '{"comment": null}'::jsonb else '{}'::jsonb end)::json
    from records r
    where r.id = c.record_id and r.account_id = c.account_id
      and r.kind = 'survey' and r.source = ${surveySource} and r.external_id = any(${ids}::text[])`.execute(tx);
}
