import { UnreadableBody } from "./hook-port.ts";

/** The JSON of a verified body. Throws `UnreadableBody` for what is no UTF-8 or no JSON. */
export function inboundJson(raw: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    throw new UnreadableBody("the body is not JSON in UTF-8");
  }
}
