import type { AddressInfo } from 'node:net';
import { buildApp } from '../../src/app.ts';
import { loadConfiguration } from '../../src/configuration/load.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Sender } from '../../src/senders/sender.ts';

export { environmentFor } from './environment.ts';

/** The service in this process, with access to its log. */
export interface ServiceSandbox {
  readonly url: string;
  /** The URL for pushes. */
  readonly push: string;
  /** Every log line so far, parsed. */
  readonly lines: Record<string, unknown>[];
  /** The number of events that are waiting or in flight. */
  pendingEvents(): number;
  drain(): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts the service in this process, with the environment of a process. */
export async function startService(
  env: Readonly<Record<string, string>>,
  options: { readonly handlersFolder?: string; readonly senders?: readonly Sender[] } = {},
): Promise<ServiceSandbox> {
  const lines: Record<string, unknown>[] = [];
  const configuration = await loadConfiguration(env, options.handlersFolder);
  const { logLevel, errorMessages } = configuration.environment;
  const log = createLog(logLevel, { write: (line) => lines.push(JSON.parse(line)) }, { errorMessages });
  const app = await buildApp(configuration, log, options.senders);
  const { port, host } = configuration.environment;
  await app.listen({ port, host });
  const address = app.server.address();
  const url = `http://127.0.0.1:${portOf(address)}`;
  return {
    url,
    push: `${url}/push`,
    lines,
    pendingEvents: () => app.pendingEvents(),
    drain: () => app.drain(),
    close: () => app.close(),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('Expected the service to listen on a port.');
}
