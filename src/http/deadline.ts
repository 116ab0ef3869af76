import { Problem } from "./problem.ts";

/** What the work comes to, or 503 when it takes longer. The work itself goes on: nothing waits for it any more. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const problem = new Problem(503, "The database does not answer; try again.");
    timer = setTimeout(() => reject(problem), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
