import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';

const PUBLISH = '/google.pubsub.v1.Publisher/Publish';
const PREFIX_BYTES = 5;

export interface DeadLetter {
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Returns why the real service refuses these attributes. https://cloud.google.com/pubsub/quotas#resource_limits */
export function refusalsOf(attributes: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(attributes);
  return [
    ...(entries.length > 100 ? ['more than 100 attributes'] : []),
    ...entries.flatMap(([name, value]) => [
      ...(name === '' ? ['an empty name'] : []),
      ...(Buffer.byteLength(name) > 256 ? ['a name over 256 bytes'] : []),
      ...(Buffer.byteLength(value) > 1_024 ? ['a value over 1,024 bytes'] : []),
      ...(name.startsWith('goog') ? ['a name of Google'] : []),
      ...(name.isWellFormed() && value.isWellFormed() ? [] : ['no Unicode']),
    ]),
  ];
}

/** Replaces the emulator: a gRPC server on 127.0.0.1 that implements Pub/Sub's `Publish` only. */
export interface DeadLetterTopic {
  /** The value of PUBSUB_EMULATOR_HOST. */
  readonly host: string;
  readonly letters: readonly DeadLetter[];
  /** The number of requests, including refused and unanswered ones. */
  readonly requests: number;
  /** Stops answering. */
  hang(): void;
  close(): Promise<void>;
}

/**
 * Starts the server on the given or a free port; it accepts every topic.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export async function startDeadLetterTopic(port = 0): Promise<DeadLetterTopic> {
  const { protos } = await import('@google-cloud/pubsub');
  const { PublishRequest, PublishResponse } = protos.google.pubsub.v1;
  const letters: DeadLetter[] = [];
  let requests = 0;
  let hangs = false;
  const sessions = new Set<ServerHttp2Session>();

  async function publish(stream: ServerHttp2Stream): Promise<void> {
    const body = await buffer(stream);
    requests += 1;
    if (hangs) return;
    // A Buffer would be decoded with U+FFFD for invalid UTF-8, which the real service refuses; as bytes it can be detected.
    const { messages } = PublishRequest.decode(Uint8Array.from(body.subarray(PREFIX_BYTES)));
    if (messages.some(({ attributes }) => refusalsOf({ ...attributes }).length > 0)) {
      const refused = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '3' };
      stream.respond(refused, { endStream: true });
      return;
    }
    const messageIds = messages.map(({ data, attributes }) => {
      const text = typeof data === 'string' ? data : Buffer.from(data ?? []).toString();
      return String(letters.push({ data: text, attributes: { ...attributes } }));
    });
    const answer = PublishResponse.encode({ messageIds }).finish();
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(answer.length, 1);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat([prefix, answer]));
  }

  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => session.destroy());
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    if (headers[':path'] === PUBLISH) publish(stream).catch(() => stream.close());
    else {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' },
        { endStream: true },
      );
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`,
    letters,
    get requests() {
      return requests;
    },
    hang() {
      hangs = true;
    },
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
