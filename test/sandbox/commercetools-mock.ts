import type { CommercetoolsMock, InMemoryStorage } from '@labdigital/commercetools-mock';

/** A running `@labdigital/commercetools-mock` with its storage. */
export interface Mock {
  readonly mock: CommercetoolsMock;
  readonly storage: InMemoryStorage;
}

/** A mock that is used by one sandbox until it is released. */
export interface LentMock {
  /** Returns a free mock, or starts one, at the first call. */
  get(): Promise<Mock>;
  /** Empties the mock, so that the next sandbox of this process can use it. */
  giveBack(): Promise<void>;
}

const free: Mock[] = [];

/** Lends a mock to a sandbox. Starting one takes 0.1 s, and most tests only read customers, which needs no mock. */
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
