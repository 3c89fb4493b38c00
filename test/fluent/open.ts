import type { Test } from 'tap';
import { type OpenAccount, openAccount } from '../../src/engine/accounts.ts';
import { createLog } from '../../src/observe/log.ts';
import type { FluentSandbox } from '../sandbox/fluent.ts';

/** Long, so that no test depends on the speed of the machine. */
export const REQUEST_MILLISECONDS = 60_000;

interface Options {
  readonly batch?: number;
  readonly account?: string;
  readonly password?: string;
}

/** The real Fluent client for a server, with its reports about credentials and the schema; closed with the test. */
export function openFluent(
  t: Test,
  { url, credentials }: Pick<FluentSandbox, 'url' | 'credentials'>,
  { batch = 10, account, password = credentials.password }: Options = {},
): {
  fluent: OpenAccount['fluent'];
  accepted: boolean[];
  lines: string[];
  mismatches: (string | undefined)[];
} {
  const accepted: boolean[] = [];
  const lines: string[] = [];
  const mismatches: (string | undefined)[] = [];
  const nowhere = 'http://127.0.0.1:9';
  const opened = openAccount(
    {
      commercetools: {
        projectKey: 'p',
        clientId: 'c',
        clientSecret: 's',
        authUrl: nowhere,
        apiUrl: nowhere,
      },
      fluent: { ...credentials, password, apiUrl: url, retailerId: '1', ...(account && { account }) },
    },
    {
      commercetoolsConcurrency: 1,
      fluentConcurrency: 10,
      fluentBatch: batch,
      requestMilliseconds: REQUEST_MILLISECONDS,
      budgetMilliseconds: 10 * REQUEST_MILLISECONDS,
      log: createLog('debug', { write: (line) => lines.push(line) }),
      onCredentials: (_, works) => accepted.push(works),
      onSchema: (_, mismatch) => mismatches.push(mismatch),
    },
  );
  t.teardown(() => Promise.all(opened.upstreams.map((upstream) => upstream.close())));
  return { fluent: opened.fluent, accepted, lines, mismatches };
}

/** The minimum input of `createCustomer`. */
export function draft(username: string) {
  return { username, primaryEmail: `${username}@example.com`, promotionOptIn: false, retailer: { id: '1' } };
}

export function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user-${index}`);
}
