import { type Command, Option } from "commander";
import { z } from "zod";
import { readNow } from "../store/db.ts";
import { type ApiToken, createToken, listTokens, revokeToken, type TokenScope, tokenScopes } from "../store/tokens.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";

const scopesShape = z.array(z.enum(tokenScopes));

/** What `token create --json` prints: the only time the token is told. */
const createdShape = z.strictObject({ name: z.string(), token: z.string(), scopes: scopesShape });

/** What `token list --json` prints. */
const listShape = z.strictObject({
  tokens: z.array(
    z.strictObject({
      name: z.string(),
      scopes: scopesShape,
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime().nullable(),
      revokedAt: z.iso.datetime().nullable(),
    }),
  ),
});

/** What `token revoke --json` prints. */
const revokedShape = z.strictObject({ name: z.string(), revoked: z.literal(true) });

/** `token create|list|revoke`: keys to the HTTP API. */
export function registerToken(program: Command, context: CliContext): void {
  const token = program.command("token").description("mint, list and revoke tokens of the HTTP API");

  const create = token
    .command("create")
    .argument("<name>", "who will use it, such as warehouse-sync")
    .description("mint a token; it is shown once")
    .addOption(new Option("--scope <scope...>", "what it may do; everything unless given").choices(tokenScopes))
    .addHelpText("after", "\nExample:\n  keepwell token create warehouse-sync --scope records:write");
  offerJson(create, createdShape).action((name: string, options: { scope?: TokenScope[]; json?: boolean }) =>
    mint(context, name, options),
  );

  const list = token
    .command("list")
    .description("list tokens, without their secrets")
    .addHelpText("after", "\nExample:\n  keepwell token list --json");
  offerJson(list, listShape).action((options: { json?: boolean }) => printTokens(context, options));

  const revoke = token
    .command("revoke")
    .argument("<name>")
    .description("end a token at once, for good")
    .addHelpText("after", "\nExample:\n  keepwell token revoke warehouse-sync");
  offerJson(revoke, revokedShape).action((name: string, options: { json?: boolean }) => end(context, name, options));
}

async function mint(
  context: CliContext,
  name: string,
  options: { scope?: TokenScope[]; json?: boolean },
): Promise<void> {
  const { out } = context;
  if (!/^[\w.@-]{1,100}$/.test(name)) {
    throw new UsageError("A token's name has letters, digits, and . _ @ - only, at most 100.");
  }
  const scopes = tokenScopes.filter((scope) => options.scope?.includes(scope) ?? true);
  const created = await context.withDatabase(async ({ db }) => createToken(db, { name, scopes }, await readNow(db)));
  if (created.kind === "name-taken") {
    throw new UsageError(`There is a token named ${name} already, perhaps a revoked one: choose another name.`);
  }
  if (options.json === true) return out.json(createdShape, { name, token: created.token, scopes });
  out.line(created.token);
  out.note(`Keep it now: it is not shown again. Its scopes: ${scopes.join(", ")}.`);
}

async function printTokens({ out, withDatabase }: CliContext, options: { json?: boolean }): Promise<void> {
  const tokens = await withDatabase(({ db }) => listTokens(db));
  if (options.json === true) return out.json(listShape, { tokens: tokens.map(toJson) });
  if (tokens.length === 0) return out.line("There are no tokens yet: keepwell token create <name>.");
  const rows = tokens.map((token) => [
    token.name,
    token.scopes.join(" "),
    token.createdAt.toISOString(),
    token.lastUsedAt?.toISOString() ?? "never",
    token.revokedAt === null ? "in force" : `revoked ${token.revokedAt.toISOString()}`,
  ]);
  out.table({ head: ["name", "scopes", "created", "last used", "state"], rows });
}

async function end({ out, withDatabase }: CliContext, name: string, options: { json?: boolean }): Promise<void> {
  const isRevoked = await withDatabase(async ({ db }) => revokeToken(db, name, await readNow(db)));
  if (!isRevoked) throw new UsageError(`There is no token named ${name} in force.`);
  if (options.json === true) return out.json(revokedShape, { name, revoked: true });
  out.line(`The token ${name} is revoked.`);
}

function toJson({
  name,
  scopes,
  createdAt,
  lastUsedAt,
  revokedAt,
}: ApiToken): z.infer<typeof listShape>["tokens"][number] {
  return {
    name,
    scopes: [...scopes],
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}
