/** What is loaded of each batch, in order; the next batch is loaded while one is at hand. */
export async function* loadingAhead<Batch, Loaded>(
  batches: readonly Batch[],
  load: (batch: Batch) => Promise<Loaded>,
): AsyncGenerator<{ readonly batch: Batch; readonly loaded: Loaded }> {
  const begin = (batch: Batch) => {
    const loading = load(batch);
    // A failure is met where the batch is waited for.
    loading.catch(() => undefined);
    return { batch, loading };
  };
  let next = batches[0] === undefined ? null : begin(batches[0]);
  for (let index = 1; next !== null; index += 1) {
    const { batch, loading } = next;
    const loaded = await loading;
    const following = batches[index];
    next = following === undefined ? null : begin(following);
    yield { batch, loaded };
  }
}
