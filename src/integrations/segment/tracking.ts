import { isOneOf } from "../signatures.ts";
import type { Tracking } from "../tracking-port.ts";
import { keepBody } from "./kept-body.ts";

/** In the body, and in each event, where browsers write it. A quote within a text is escaped: this is found between texts only. */
const writtenKey = /"writeKey"\s*:\s*"(?:[^"\\]|\\.)*"/g;

/** The door of a source for the products it tracks. */
export function openTracking(writeKeys: readonly string[]): Tracking {
  return {
    isOwnKey: (presented) => isOneOf(writeKeys, presented),
    keep: (call, { text, value }, receivedAt) =>
      keepBody(call, { text: text.replace(writtenKey, '"writeKey":""'), value }, receivedAt),
  };
}
