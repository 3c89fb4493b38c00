import { changes } from './bodies.ts';
import { push } from './load.ts';
import type { Server } from './server.ts';
import type { StandIns } from './stand-ins.ts';

/** Fetches the token and opens the connections, as in a service that has been running for a second. */
export async function warm(standIns: StandIns, service: Server): Promise<void> {
  const bodies = changes(await standIns.seed(200), standIns.environment['CTP_PROJECT_KEY'] ?? '');
  await push(service.push, bodies, 50);
}
