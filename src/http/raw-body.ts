import express, { type Request, type Response } from "express";

/** Reads the whole body of a request as it came, of at most `limit` bytes. Packed ones are unpacked, and measured then, or refused. */
export function openRawReader(how: {
  readonly limit: number;
  readonly inflate: boolean;
}): (request: Request, response: Response) => Promise<Buffer> {
  const read = express.raw({ type: () => true, ...how });
  return async (request, response) => {
    await new Promise<void>((resolve, reject) => {
      Promise.resolve(read(request, response, (error) => (error === undefined ? resolve() : reject(error)))).catch(
        reject,
      );
    });
    const body: unknown = request.body;
    return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  };
}
