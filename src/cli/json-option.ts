import type { Command } from "commander";
import { z } from "zod";

const shapes = new WeakMap<Command, z.ZodType>();

/** Gives a command `--json`, and publishes the shape of what it prints then. */
export function offerJson(command: Command, shape: z.ZodType): Command {
  shapes.set(command, shape);
  return command.option("--json", "print JSON, for scripts");
}

/** The shapes of all `--json` outputs as JSON Schemas, by command: `actions list` → schema. */
export function publishedShapes(program: Command, target: "draft-7" | "draft-2020-12"): ReadonlyMap<string, object> {
  return new Map(walk(program, [], target));
}

function walk(command: Command, names: readonly string[], target: "draft-7" | "draft-2020-12"): [string, object][] {
  const shape = shapes.get(command);
  const own: [string, object][] =
    shape === undefined ? [] : [[names.join(" "), z.toJSONSchema(shape, { target, io: "input" })]];
  return [...own, ...command.commands.flatMap((inner) => walk(inner, [...names, inner.name()], target))];
}
