import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { registerMailPreview } from "./mail/preview.ts";
import { registerSuppressions } from "./mail/suppressions.ts";

/** `mail`: who gets none any more, and what one would look like. */
export function registerMail(program: Command, context: CliContext): void {
  const mail = program.command("mail").description("see who gets no mail any more, and what a mail would look like");
  registerSuppressions(mail, context);
  registerMailPreview(mail, context);
}
