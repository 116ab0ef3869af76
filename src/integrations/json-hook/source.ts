import { createHash } from "node:crypto";
import type { Hook, InboundItem, InboundRequest } from "../hook-port.ts";
import { openVerification } from "../hook-verification.ts";
import { inboundJson } from "../inbound-json.ts";
import { cellText, openJsonPath } from "../json-path.ts";
import { readByMapping } from "../mapped-reading.ts";
import { receivingSource } from "../receiving-source.ts";
import { compileRecordMapping } from "../record-mapping.ts";
import type { Source } from "../source-port.ts";
import type { ReadSecret } from "../source-settings.ts";
import type { JsonHookSettings } from "./settings.ts";

/** Takes JSON of any sender. Throws when a secret is not set. */
export function openJsonHookSource(settings: JsonHookSettings, secretFor: ReadSecret): Source {
  const { id, kind, accounts = "match", idsAreKeys } = settings;
  return receivingSource({ id, kind, accounts, idsAreKeys, hook: openHook(settings, secretFor) });
}

function openHook({ auth, dedupe, mapping }: JsonHookSettings, secretFor: ReadSecret): Hook {
  const paths = [dedupe ?? []].flat().map(openJsonPath);
  const compiled = compileRecordMapping(mapping);
  return {
    verify: openVerification(auth, secretFor),
    split(request) {
      const body = inboundJson(request.raw);
      const parts = paths.map((read) => cellText(read(body)[0]));
      const isNamed = parts.length > 0 && parts.every((part) => part !== "");
      return [itemOf(request, body, isNamed ? parts.join(":") : null)];
    },
    read: (body, context) => readByMapping(compiled, JSON.parse(body), context),
  };
}

/** A delivery that does not name itself is known by its bytes. */
function itemOf({ raw }: InboundRequest, body: unknown, name: string | null): InboundItem {
  const dedupeKey = name ?? `sha256:${createHash("sha256").update(raw).digest("hex")}`;
  return { dedupeKey, occurredAt: null, body: JSON.stringify(body) };
}
