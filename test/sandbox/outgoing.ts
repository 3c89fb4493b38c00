import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

const CHANNELS = ['undici:request:create', 'http.client.request.start'];

/** The origins that this process sends requests to from now on, including origins that do not answer. */
export function watchOutgoing(t: Current): ReadonlySet<string> {
  const origins = new Set<string>();
  const note = (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('request' in message)) return;
    const { request } = message;
    if (typeof request !== 'object' || request === null) return;
    if ('origin' in request) origins.add(String(request.origin));
    else if ('host' in request) origins.add(String(request.host));
  };
  for (const channel of CHANNELS) subscribe(channel, note);
  t.teardown(() => {
    for (const channel of CHANNELS) unsubscribe(channel, note);
  });
  return origins;
}
