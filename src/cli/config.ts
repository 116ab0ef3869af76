import type { Command } from "commander";
import { registerConfigApply } from "./config/apply.ts";
import { registerConfigDiff } from "./config/diff.ts";
import { registerConfigHistory } from "./config/history.ts";
import { registerConfigPlan } from "./config/plan.ts";
import { registerConfigPull } from "./config/pull.ts";
import { registerConfigRollback } from "./config/rollback.ts";
import { registerConfigValidate } from "./config/validate.ts";
import { registerConfigSchema } from "./config-schema.ts";
import type { CliContext } from "./context.ts";

/** `config validate|plan|apply|pull|history|diff|rollback|schema`: the documents managers edit. */
export function registerConfig(program: Command, context: CliContext): void {
  const config = program.command("config").description("check, apply and describe the documents that say what happens");
  registerConfigValidate(config, context);
  registerConfigPlan(config, context);
  registerConfigApply(config, context);
  registerConfigPull(config, context);
  registerConfigHistory(config, context);
  registerConfigDiff(config, context);
  registerConfigRollback(config, context);
  registerConfigSchema(program, config, context);
}
