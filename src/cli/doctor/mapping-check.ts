import { ConfigurationError } from '../../configuration-error.ts';
import type { OpenAccount } from '../../engine/accounts.ts';
import { Failure } from '../../outcome.ts';
import type { BoundRoute } from '../../router/bind-routes.ts';
import { readLastFullSync } from '../sync/last-full-sync.ts';
import type { Check, CheckResult } from './check.ts';

/** Whether the mapping of the customer route is the one that the last full `sync` has written every customer with. */
export function mappingCheck(
  { account: { projectKey }, commercetools }: OpenAccount,
  { fingerprint }: Pick<BoundRoute, 'fingerprint'>,
  state: string,
): Check {
  return {
    name: `mapping of ${projectKey}`,
    async run() {
      let last: Awaited<ReturnType<typeof readLastFullSync>>;
      try {
        last = await readLastFullSync(state, commercetools, projectKey);
      } catch (error) {
        return unread(error);
      }
      if (!last)
        return {
          state: 'skipped',
          detail: `no full sync is recorded beside ${state}`,
          advice: `The first \`customer-sync sync\` of all customers records it. If sync is run with --state, set the same --state for doctor.`,
        };
      const day = last.finishedAt.slice(0, 10);
      if (last.fingerprint === fingerprint)
        return { state: 'ok', detail: `the same as in the last full sync, of ${day} (${fingerprint})` };
      return {
        state: 'warning',
        detail: `changed since the last full sync, of ${day} (${last.fingerprint}, now ${fingerprint})`,
        advice:
          'Customers that have not changed since then still have the values of the earlier mapping. Run `customer-sync sync --dry-run` to see what would change, then `customer-sync sync`.',
      };
    },
  };
}

function unread(error: unknown): CheckResult {
  if (error instanceof ConfigurationError)
    return {
      state: 'fault',
      detail: error.faults
        .map(({ where, expected, found }) => `${where}: expected ${expected}, found ${found}`)
        .join('; '),
      advice: 'Set --state to the value that `customer-sync sync` is run with.',
    };
  // The service itself does not need this permission.
  if (error instanceof Failure && error.reason === 'permission-missing')
    return { state: 'skipped', detail: 'the API client may not read custom objects' };
  throw error;
}
