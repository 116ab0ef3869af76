/** Why a text is no secret of Standard Webhooks, `whsec_` + base64 of 24 to 64 bytes, in words that hold nothing of it; null: it is one. */
export function secretFault(secret: string): string | null {
  if (!secret.startsWith(prefix)) return "it does not begin with whsec_";
  const encoded = secret.slice(prefix.length);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return "it is not base64";
  const bytes = Buffer.from(encoded, "base64").length;
  return bytes >= 24 && bytes <= 64 ? null : `it has ${bytes} bytes`;
}

/** The key in a secret of Standard Webhooks. Throws for what is none, as `whose`. */
export function secretKey(secret: string, whose: string): Buffer {
  const fault = secretFault(secret);
  if (fault !== null) throw new Error(`${whose} must be "whsec_" and base64 of 24 to 64 bytes: ${fault}`);
  return Buffer.from(secret.slice(prefix.length), "base64");
}

const prefix = "whsec_";
