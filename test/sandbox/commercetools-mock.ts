import type { CommercetoolsMock, InMemoryStorage } from '@labdigital/commercetools-mock';

/** `@labdigital/commercetools-mock`, started, with the storage that it keeps everything in. */
export interface Mock {
  readonly mock: CommercetoolsMock;
  readonly storage: InMemoryStorage;
}

/** A mock that belongs to one sandbox until it is returned. */
export interface LentMock {
  /** Starts one where none is free, at the first call. */
  get(): Promise<Mock>;
  /** Empties it, for the next sandbox of this process. */
  giveBack(): Promise<void>;
}

const free: Mock[] = [];

/** Lends a mock to a sandbox. To start one takes a tenth of a second, and most tests only read customers, which needs none. */
export function lendMock(): LentMock {
  let lent: Promise<Mock> | undefined;
  return {
    get() {
      lent ??= start();
      return lent;
    },
    async giveBack() {
      const returned = await lent;
      lent = undefined;
      if (!returned) return;
      await returned.mock.clear();
      free.push(returned);
    },
  };
}

async function start(): Promise<Mock> {
  const unused = free.pop();
  if (unused) return unused;
  const { CommercetoolsMock, InMemoryStorage } = await import('@labdigital/commercetools-mock');
  const storage = new InMemoryStorage();
  const mock = new CommercetoolsMock({ storage });
  await mock.app.ready();
  return { mock, storage };
}
