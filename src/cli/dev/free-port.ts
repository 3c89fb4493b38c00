import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from '../../observe/describe-error.ts';

/** Throws a `ConfigurationError` if the service cannot listen on the port. */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = codeOf(error) ?? 'an unknown error';
    throw new ConfigurationError([
      {
        where: 'option --port',
        expected: 'a port that this user may listen on, and no other program does',
        found: `${port} (${code})`,
        advice: 'Give another one, as in --port 8081, or end that program.',
      },
    ]);
  }
  server.close();
  await once(server, 'close');
}
