import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { LinkPurpose, SignLink } from "../playbooks/customer-links.ts";
import type { Db, Tx } from "./db.ts";
import { keepFirstFact, readFact } from "./installation.ts";

/** Makes and reads the tokens of links that we mail. They do not expire, and they hold what they are about in the open. */
export interface LinkSigner {
  /** The same for the same content. Letters, digits, `-`, `_` and one dot. */
  readonly sign: SignLink;
  /** What was signed for this purpose; null for a token that we did not make. */
  read(purpose: LinkPurpose, token: string): string | null;
}

/** The signer of this database; the first use makes its key. */
export async function openLinkSigner(db: Db | Tx): Promise<LinkSigner> {
  const known = await readFact(db, "link-key");
  return signerOf(known ?? (await keepFirstFact(db, "link-key", randomBytes(32).toString("hex"))));
}

/** The signer of this database; null while no link was ever made. */
export async function findLinkSigner(db: Db | Tx): Promise<LinkSigner | null> {
  const key = await readFact(db, "link-key");
  return key === undefined ? null : signerOf(key);
}

/** 128 bits: nobody finds one by trying, and a link stays short. */
const signatureBytes = 16;

function signerOf(key: unknown): LinkSigner {
  if (typeof key !== "string") throw new Error("The key of the links in mails cannot be read from the database.");
  const sign: SignLink = (purpose, content) => {
    const signature = createHmac("sha256", key)
      .update(JSON.stringify([purpose, content]))
      .digest();
    const encoded = Buffer.from(content, "utf8").toString("base64url");
    return `${encoded}.${signature.subarray(0, signatureBytes).toString("base64url")}`;
  };
  return {
    sign,
    read(purpose, token) {
      const content = Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8");
      return isSame(sign(purpose, content), token) ? content : null;
    },
  };
}

/** In a time that tells nothing of where they differ; a length is no secret. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
