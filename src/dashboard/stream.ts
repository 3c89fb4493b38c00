import type { ServerResponse } from 'node:http';

/** What is sent to whoever watches. */
export interface Source<Mark> {
  /** All there is, for one who begins to watch; and from where to go on. */
  first(): { readonly data: unknown; readonly mark: Mark };
  /** What came after the mark. */
  next(mark: Mark): { readonly data: unknown; readonly mark: Mark };
}

export interface StreamOptions {
  /** Who watches at once. */
  readonly limit: number;
  readonly intervalMilliseconds: number;
}

interface Listener<Mark> {
  readonly mark: Mark;
  readonly mayListen: () => boolean;
}

/** More than this unsent: the other side does not read, and memory is not its to fill. */
const UNSENT_BYTES = 2 * 1024 * 1024;
const RECONNECT_MILLISECONDS = 1_000;

/**
 * Server-sent events for a few listeners: `snapshot` first, then `tick` at every interval, which is the heartbeat as well.
 * Without listeners there is no timer. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class Stream<Mark> {
  readonly #source: Source<Mark>;
  readonly #options: StreamOptions;
  readonly #listeners = new Map<ServerResponse, Listener<Mark>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(source: Source<Mark>, options: StreamOptions) {
    this.#source = source;
    this.#options = options;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** True when no more are let in. */
  get full(): boolean {
    return this.#closed || this.#listeners.size >= this.#options.limit;
  }

  /** Answers with a stream until the other side goes, `mayListen` says no, or `close`. */
  listen(response: ServerResponse, mayListen: () => boolean): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // So that nginx and its like pass every event on at once.
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    const { data, mark } = this.#source.first();
    response.write(`retry: ${RECONNECT_MILLISECONDS}\n\n`);
    send(response, 'snapshot', data);
    this.#listeners.set(response, { mark, mayListen });
    response.on('error', () => this.#leave(response));
    response.on('close', () => this.#leave(response));
    this.#timer ??= setInterval(() => this.#tick(), this.#options.intervalMilliseconds).unref();
  }

  /** Ends every stream; nobody is let in any more. */
  close(): void {
    this.#closed = true;
    for (const response of [...this.#listeners.keys()]) {
      this.#leave(response);
      response.end();
    }
  }

  #tick(): void {
    for (const [response, { mark, mayListen }] of this.#listeners) {
      if (!mayListen()) {
        this.#leave(response);
        response.end();
        continue;
      }
      if (response.writableLength > UNSENT_BYTES) {
        this.#leave(response);
        response.destroy();
        continue;
      }
      const next = this.#source.next(mark);
      this.#listeners.set(response, { mark: next.mark, mayListen });
      send(response, 'tick', next.data);
    }
  }

  #leave(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function send(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
