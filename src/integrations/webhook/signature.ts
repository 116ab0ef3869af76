import { Webhook } from "standardwebhooks";
import { secretFault } from "../webhook-secret.ts";

/** Signs `id.timestamp.body` with every secret: a receiver accepts the message by any one of them, so secrets can rotate. */
export type Sign = (id: string, at: Date, body: string) => string;

/** Takes secrets as `whsec_` + base64 of 24 to 64 bytes, newest first. Throws in words that hold nothing of a secret. */
export function openSigner(secrets: readonly string[]): Sign {
  if (secrets.length === 0) throw new Error("at least one secret is needed");
  const signers = secrets.map((secret, index) => {
    const fault = secretFault(secret);
    if (fault !== null) throw new Error(`secret ${index + 1} must be "whsec_" and base64 of 24 to 64 bytes: ${fault}`);
    return new Webhook(secret);
  });
  return (id, at, body) => signers.map((signer) => signer.sign(id, at, body)).join(" ");
}
