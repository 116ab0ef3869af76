import type { Command } from "commander";
import {
  orderStreams,
  type StreamDeed,
  type StreamOrder,
  streamDeedSchema,
} from "../../queries/sources/stream-orders.ts";
import type { CliContext } from "../context.ts";
import { doByHand, type HandOptions, offerAuthor } from "../hand.ts";
import { offerJson } from "../json-option.ts";

interface Offered {
  readonly order: StreamOrder;
  readonly description: string;
  readonly example: string;
  readonly says: (streams: string) => string;
  /** Too much to do for all streams in one breath. */
  readonly needsStream: boolean;
}

const offered: readonly Offered[] = [
  {
    order: "pause",
    description: "stop pulling a source, or one stream of it",
    example: "keepwell sources pause hubspot tickets",
    says: (streams) => `Not pulled any more: ${streams}.`,
    needsStream: false,
  },
  {
    order: "resume",
    description: "pull a source again that was paused",
    example: "keepwell sources resume hubspot",
    says: (streams) => `Pulled again: ${streams}.`,
    needsStream: false,
  },
  {
    order: "pull",
    description: "make a source due now",
    example: "keepwell sources pull hubspot",
    says: (streams) => `Due now: ${streams}. A running worker pulls at once; without one: keepwell run collect.`,
    needsStream: false,
  },
  {
    order: "reset",
    description: "pull a stream from its beginning again; what is known already stays",
    example: "keepwell sources reset hubspot tickets",
    says: (streams) => `Begins anew: ${streams}.`,
    needsStream: true,
  },
  {
    order: "accept",
    description: "say that a stream in trouble is right as it is: what it says counts, and nothing is held any more",
    example: "keepwell sources accept posthog usage",
    says: (streams) => `Taken as it is: ${streams}.`,
    needsStream: true,
  },
];

/** `sources pause|resume|pull|reset|accept`: orders of an operator for streams. */
export function registerStreamOrders(sources: Command, context: CliContext): void {
  for (const { order, description, example, says, needsStream } of offered) {
    const command = sources
      .command(order)
      .argument("<source>", "its id in sources.json")
      .argument(needsStream ? "<stream>" : "[stream]", "as `sources` lists it")
      .description(description)
      .addHelpText("after", `\nExample:\n  ${example}`);
    offerJson(offerAuthor(command, context), streamDeedSchema).action(
      async (source: string, stream: string | undefined, options: HandOptions) => {
        const done: StreamDeed = await doByHand(context, options, (tx, hand, now) =>
          orderStreams(tx, order, { source, stream: stream ?? null }, hand, now),
        );
        if (options.json === true) return context.out.json(streamDeedSchema, done);
        context.out.line(says(done.streams.map((name) => `${source} ${name}`).join(", ")));
      },
    );
  }
}
