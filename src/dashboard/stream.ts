import type { ServerResponse } from 'node:http';

/** The data that is sent to the listeners. */
export interface Source<Position> {
  /** Everything, for a new listener, and the position from which to continue. */
  snapshot(): { readonly data: unknown; readonly position: Position };
  /** What is new since that position. */
  since(position: Position): { readonly data: unknown; readonly position: Position };
}

export interface StreamOptions {
  /** Listeners at most. */
  readonly limit: number;
  readonly intervalMilliseconds: number;
}

interface Listener<Position> {
  readonly position: Position;
  readonly mayListen: () => boolean;
}

/** A listener with more unsent bytes does not read; it is disconnected, so that it does not fill the memory. */
const MAX_UNSENT_BYTES = 2 * 1024 * 1024;
const RECONNECT_MILLISECONDS = 1_000;

/**
 * Server-sent events for a few listeners: `snapshot` first, then `tick` at every interval, which is the heartbeat as well.
 * Without listeners there is no timer. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class Stream<Position> {
  readonly #source: Source<Position>;
  readonly #options: StreamOptions;
  readonly #listeners = new Map<ServerResponse, Listener<Position>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(source: Source<Position>, options: StreamOptions) {
    this.#source = source;
    this.#options = options;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** True if no further listener is accepted. */
  get full(): boolean {
    return this.#closed || this.#listeners.size >= this.#options.limit;
  }

  /** Responds with a stream until the client disconnects, `mayListen` returns false, or `close` is called. */
  listen(response: ServerResponse, mayListen: () => boolean): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Tells nginx and other proxies to pass on every event at once.
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    const { data, position } = this.#source.snapshot();
    response.write(`retry: ${RECONNECT_MILLISECONDS}\n\n`);
    send(response, 'snapshot', data);
    this.#listeners.set(response, { position, mayListen });
    response.on('error', () => this.#remove(response));
    response.on('close', () => this.#remove(response));
    this.#timer ??= setInterval(() => this.#tick(), this.#options.intervalMilliseconds).unref();
  }

  /** Ends every stream; no further listener is accepted. */
  close(): void {
    this.#closed = true;
    for (const response of [...this.#listeners.keys()]) {
      this.#remove(response);
      response.end();
    }
  }

  #tick(): void {
    for (const [response, { position, mayListen }] of this.#listeners) {
      if (!mayListen()) {
        this.#remove(response);
        response.end();
        continue;
      }
      if (response.writableLength > MAX_UNSENT_BYTES) {
        this.#remove(response);
        response.destroy();
        continue;
      }
      const next = this.#source.since(position);
      this.#listeners.set(response, { position: next.position, mayListen });
      send(response, 'tick', next.data);
    }
  }

  #remove(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function send(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
