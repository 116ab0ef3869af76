import { type Command, Option } from "commander";
import { endWish, overrideWish } from "../queries/by-hand/wishes.ts";
import { clearOverride, setOverride } from "../queries/by-hand.ts";
import type { CliContext } from "./context.ts";
import { doToAccount, type HandOptions, offerDeed, parseNumber, wishOf } from "./hand.ts";

interface OverrideOptions extends HandOptions {
  readonly score?: number;
  readonly band?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly clear?: boolean;
}

/** `override`: what people are shown in place of the computed score or band. */
export function registerOverride(program: Command, context: CliContext): void {
  const override = program
    .command("override")
    .argument("<account>", "its key, a source's id for it, or its name")
    .description("show another score or band than the computed one, for a while")
    .option("--score <points>", "0 to 100, one decimal at most", parseNumber)
    .option("--band <id>", "a band of a health model")
    .option("--until <when>", "its end: a day such as 2026-01-31 (where the account is), or a moment")
    .option("--reason <text>", "why; people see it beside the score")
    .addOption(new Option("--clear", "end the override now").conflicts(["score", "band", "until"]))
    .addHelpText(
      "after",
      '\nExample:\n  keepwell override acme --band red --until 2026-06-30 --reason "They told us that they leave"',
    );
  offerDeed(override, context).action((account: string, options: OverrideOptions) =>
    options.clear === true ? clear(context, account, options) : set(context, account, options),
  );
}

function set(context: CliContext, account: string, options: OverrideOptions): Promise<void> {
  const { score, band, until, reason } = options;
  const wish = wishOf(overrideWish, { score, band, until, reason });
  const shown = [score === undefined ? [] : [`score ${score}`], band === undefined ? [] : [`band ${band}`]].flat();
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => setOverride(tx, named, wish, hand, now),
    (deed) => `People are shown ${shown.join(" and ")} for ${deed.account} until ${until}.`,
  );
}

function clear(context: CliContext, account: string, options: OverrideOptions): Promise<void> {
  const wish = wishOf(endWish, { reason: options.reason });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => clearOverride(tx, named, wish, hand, now),
    (deed) => `People are shown the computed score and band of ${deed.account} again.`,
  );
}
