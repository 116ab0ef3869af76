import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { idText, momentOfSeconds } from "./values.ts";

const deletedSchema = z.looseObject({ id: idText, deleted_at: momentOfSeconds });

/** A conversation that is gone: as a ticket and as a survey. */
export function mapDeletedConversation(raw: unknown): Mapped {
  const parsed = deletedSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a deleted conversation without an id or a time" };
  return goneConversation(parsed.data.id, parsed.data.deleted_at);
}

export function goneConversation(id: string, at: string): Mapped {
  return {
    deleted: [
      { kind: "ticket", id, at },
      { kind: "survey", id, at },
    ],
  };
}
