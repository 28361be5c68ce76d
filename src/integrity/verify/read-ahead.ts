/**
 * The same items in the same order, while up to `count` of them are asked for before they are wanted. Items that are
 * promises inside of an object are under way meanwhile: that is the point of it.
 */
export async function* readAhead<Item>(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item> {
  const ready: Item[] = [];
  const state: { ended: boolean; failed?: { readonly thrown: unknown }; stopped: boolean } = {
    ended: false,
    stopped: false,
  };
  let moved = Promise.withResolvers<void>();
  const wake = (): void => {
    moved.resolve();
    moved = Promise.withResolvers();
  };
  const reading = (async () => {
    for await (const item of items) {
      ready.push(item);
      wake();
      while (ready.length >= count && !state.stopped) await moved.promise;
      if (state.stopped) return;
    }
  })()
    .catch((thrown: unknown) => {
      state.failed = { thrown };
    })
    .finally(() => {
      state.ended = true;
      wake();
    });
  try {
    for (;;) {
      const item = ready.shift();
      if (item !== undefined) {
        wake();
        yield item;
      } else if (state.failed !== undefined) {
        throw state.failed.thrown;
      } else if (state.ended) {
        return;
      } else {
        await moved.promise;
      }
    }
  } finally {
    state.stopped = true;
    wake();
    await reading;
  }
}
