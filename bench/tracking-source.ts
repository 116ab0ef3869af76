import { segmentSettings } from "../src/integrations/segment/settings.ts";
import { openSegmentSource } from "../src/integrations/segment/source.ts";

export const benchKey = "bench-write-key";

/** The product of the bench: its sender, its server and who applies what came share it. */
export const benchProduct = openSegmentSource(
  segmentSettings.parse({ id: "product", kind: "segment", writeKeys: { env: "KEY" } }),
  () => benchKey,
);

export const benchAccounts = 200;
export const eventsPerBody = 100;

/** Stands in a body where each one has an id of its own. */
const hole = "@@";

/** A body as the official client for servers sends it; every event of every body is another one. */
export function openBodies(now: Date): (id: string) => string {
  const batch = Array.from({ length: eventsPerBody }, (_, index) => ({
    type: "track",
    event: ["Report Created", "Login", "File Uploaded", "Search Done"][index % 4],
    userId: `user-${index}`,
    properties: { pages: index, plan: "pro", source: "toolbar", path: `/projects/${index}/reports` },
    context: {
      groupId: `account-${index % benchAccounts}`,
      library: { name: "@segment/analytics-node", version: "3.1.0" },
    },
    timestamp: now.toISOString(),
    integrations: {},
    messageId: `node-next-${hole}-${index}-9f8f8e52-9a1e-4749-8a88-ba45390a8c77`,
    _metadata: { nodeVersion: "v20.20.2", jsRuntime: "node" },
  }));
  const template = JSON.stringify({ batch, writeKey: benchKey, sentAt: now.toISOString() });
  return (id) => template.replaceAll(hole, id);
}
