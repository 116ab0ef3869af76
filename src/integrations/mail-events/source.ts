import type { Hook } from "../hook-port.ts";
import { openVerification, type Verify } from "../hook-verification.ts";
import { receivingSource } from "../receiving-source.ts";
import type { Source } from "../source-port.ts";
import { type ReadSecret, readSecrets } from "../source-settings.ts";
import { verifyStandard } from "../standard-signature.ts";
import { secretKey } from "../webhook-secret.ts";
import { genericHook } from "./generic.ts";
import { postmarkHook } from "./postmark.ts";
import { sesHook } from "./ses.ts";
import type { MailEventsSettings, PostmarkSettings, SesSettings } from "./settings.ts";

/** Takes what carriers of our mail tell of it: who cannot be reached, and who complained. Throws when a secret is not set, or is none. */
export function openMailEventsSource(
  settings: MailEventsSettings | SesSettings | PostmarkSettings,
  secretFor: ReadSecret,
): Source {
  const { id, kind } = settings;
  // It tells of addresses; of accounts it knows nothing.
  return receivingSource({ id, kind, accounts: "match", idsAreKeys: false, hook: openHook(settings, secretFor) });
}

function openHook(settings: MailEventsSettings | SesSettings | PostmarkSettings, secretFor: ReadSecret): Hook {
  switch (settings.kind) {
    case "mail-events":
      return genericHook(openGenericVerification(settings, secretFor));
    case "ses":
      return sesHook(openVerification(settings.auth, secretFor), settings.topicArn);
    case "postmark":
      return postmarkHook(openVerification(settings.auth, secretFor));
  }
}

function openGenericVerification({ id, auth }: MailEventsSettings, secretFor: ReadSecret): Verify {
  if (!("standardWebhooks" in auth)) return openVerification(auth, secretFor);
  const secrets = readSecrets(auth.standardWebhooks, secretFor);
  const keys = secrets.map((text) => secretKey(text, `the secret of the source "${id}"`));
  return (request) => verifyStandard(request, keys);
}
