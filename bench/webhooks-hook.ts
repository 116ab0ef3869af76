/** What the sender of the bench and its server share. */
export const benchHook = { source: "bench", secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}` } as const;
