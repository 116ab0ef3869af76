import { createHmac, timingSafeEqual } from "node:crypto";

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  // Equal lengths by construction: keys of chance would do as well, but nobody can choose a hash.
  const digest = (text: string) => createHmac("sha256", "keepwell").update(text, "utf8").digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Whether a text is any of the secrets. All of them are tried, so that the time does not tell which one it is. */
export function isOneOf(secrets: readonly string[], presented: string): boolean {
  let isOne = false;
  for (const secret of secrets) if (isSameSecret(secret, presented)) isOne = true;
  return isOne;
}

/**
 * Whether any of the secrets signs `signed` (the parts in their order) as `presented` says. All of them are tried, so that the time does
 * not tell which one fits.
 */
export function isSignedBy(
  secrets: readonly (string | Buffer)[],
  signed: readonly (string | Buffer)[],
  presented: string,
  how: { readonly algorithm: "sha1" | "sha256"; readonly encoding: "hex" | "base64" },
): boolean {
  let isSigned = false;
  for (const secret of secrets) {
    const hmac = createHmac(how.algorithm, secret);
    for (const part of signed) hmac.update(part);
    if (isSameSecret(hmac.digest(how.encoding), presented)) isSigned = true;
  }
  return isSigned;
}
