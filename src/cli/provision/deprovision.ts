import type { OpenAccount } from '../../engine/accounts.ts';
import { confirm } from '../confirm.ts';
import { find, type Google, requestGoogle } from '../google/client.ts';
import type { Names } from '../google/names.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { findSubscription } from './commercetools-step.ts';

interface Removal {
  readonly name: string;
  remove(): Promise<unknown>;
}

/**
 * Removes the existing parts of the set-up after a confirmation: first the commercetools subscriptions, then those of Pub/Sub.
 */
export async function deprovision(
  pubSub: { readonly google: Google; readonly names: Names } | undefined,
  accounts: readonly OpenAccount[],
  options: {
    readonly key: string;
    readonly topics: boolean;
    readonly yes: boolean;
    readonly json: boolean;
  },
  io: Io,
): Promise<ExitCode> {
  const removals: Removal[] = [];
  for (const { commercetools, account } of accounts) {
    const { projectKey } = account;
    const found = await findSubscription(commercetools, projectKey, options.key);
    if (!found) continue;
    const { id: ID, version } = found;
    removals.push({
      name: `commercetools subscription ${options.key} of ${projectKey}`,
      remove: () =>
        commercetools.api.subscriptions().withId({ ID }).delete({ queryArgs: { version } }).execute(),
    });
  }
  if (pubSub) {
    const { google, names } = pubSub;
    await addSubscription(google, 'push subscription', names.subscription);
    if (options.topics) {
      await addSubscription(google, 'dead-letter subscription', names.deadLetterSubscription);
      await addTopic(google, 'topic', names.topic);
      await addTopic(google, 'dead-letter topic', names.deadLetterTopic);
    }
  }
  const list = removals.map(({ name }) => `  ${name}`).join('\n');
  if (removals.length > 0 && !options.yes && !(await confirm(io, `Remove permanently?\n${list}\n`))) {
    io.err('Nothing was removed.');
    return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
  }
  for (const { name, remove } of removals) {
    await remove();
    if (!options.json) io.out(`removed  ${name}`);
  }
  if (options.json) io.out(JSON.stringify({ removed: removals.map(({ name }) => name) }));
  else if (removals.length === 0) io.out('There is nothing to remove.');
  return EXIT.ok;

  async function addSubscription(google: Google, kind: string, subscription: string): Promise<void> {
    const what = `the ${kind} ${subscription}`;
    const request = { subscription };
    if (await find(what, () => google.subscriber.getSubscription(request)))
      removals.push({
        name: `${kind} ${subscription}`,
        remove: () => requestGoogle(what, () => google.subscriber.deleteSubscription(request)),
      });
  }

  async function addTopic(google: Google, kind: string, name: string): Promise<void> {
    const what = `the ${kind} ${name}`;
    const topic = google.client.topic(name);
    if (await find(what, () => topic.getMetadata()))
      removals.push({ name: `${kind} ${name}`, remove: () => requestGoogle(what, () => topic.delete()) });
  }
}
