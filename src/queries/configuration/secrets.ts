import { faultAt, joinPath } from "../../scoring/fault.ts";
import type { DocumentInput } from "../../store/documents.ts";
import { type ConfigFault, type Located, locateFault } from "./config-fault.ts";

/** Every `{"env": NAME}` of the documents whose variable is not set, where it stands. */
export function missingSecrets(
  documents: readonly (DocumentInput & Located)[],
  hasSecret: (name: string) => boolean,
): readonly ConfigFault[] {
  return documents.flatMap((document) =>
    referencesIn(document.body, "")
      .filter(({ name }) => !hasSecret(name))
      .map(({ path, name }) =>
        locateFault(faultAt(path, undefined, `the environment variable ${name} is not set`), document),
      ),
  );
}

function referencesIn(value: unknown, path: string): readonly { readonly path: string; readonly name: string }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, joinPath(path, index)));
  if (typeof value !== "object" || value === null) return [];
  // Kept, not sent: such a channel needs no credentials.
  if ("transport" in value && value.transport === "outbox") return [];
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "env" && typeof only[1] === "string") return [{ path, name: only[1] }];
  return entries.flatMap(([key, inner]) => referencesIn(inner, joinPath(path, key)));
}
