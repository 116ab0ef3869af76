import { z } from "zod";
import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";
import type { HubSpotApi } from "./api.ts";

/** What a stage of a pipeline means. */
export interface Stage {
  readonly isClosed: boolean;
  /** Of deals. */
  readonly isWon: boolean;
}

const pipelinesSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.coerce.string(),
      stages: z
        .array(
          z.looseObject({
            id: z.coerce.string(),
            metadata: z
              .looseObject({
                isClosed: z.unknown(),
                probability: z.unknown(),
                ticketState: z.unknown(),
              })
              .partial()
              .default({}),
          }),
        )
        .default([]),
    }),
  ),
});

/** Finds what a stage means, by its pipeline and its own id. Null for one that HubSpot no longer has. */
export async function readStages(
  api: HubSpotApi,
  object: "deals" | "tickets",
  context: PullContext,
): Promise<(pipeline: string | null, stage: string | null) => Stage | null> {
  const { results } = readAnswer(await context.call(api.pipelines(object)), pipelinesSchema);
  const stages = new Map<string, Stage>();
  for (const pipeline of results) {
    for (const { id, metadata } of pipeline.stages) {
      stages.set(`${pipeline.id}/${id}`, {
        isClosed: String(metadata.isClosed) === "true" || metadata.ticketState === "CLOSED",
        isWon: String(metadata.isClosed) === "true" && Number(metadata.probability) === 1,
      });
    }
  }
  return (pipeline, stage) => stages.get(`${pipeline}/${stage}`) ?? null;
}
