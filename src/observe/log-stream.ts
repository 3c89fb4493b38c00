/** Where the lines go: Node's stdout, which never blocks if it is a pipe or a socket. */
export interface Destination {
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** The maximum number of waiting characters, and of those in flight; further lines are dropped. */
const MAX_WAITING = 1024 * 1024;
/** The pause after a failed write, as on a full disk. */
const AFTER_FAILURE_MILLISECONDS = 1_000;
const FLUSH_MILLISECONDS = 500;

/**
 * Writes lines in order, those of one turn of the event loop in one write, because a write for each line costs a fifth of a
 * push. Never blocks, fails or fills the memory: lines that cannot be written are dropped, and a line reports their number
 * when writing works again.
 */
export class LogStream {
  readonly #destination: Destination;
  #waiting: string[] = [];
  #size = 0;
  #dropped = 0;
  #isWriting = false;
  #flushed: (() => void)[] = [];

  constructor(destination: Destination) {
    this.#destination = destination;
    // Each write reports its own error; without a listener the process would exit.
    destination.on('error', () => {});
  }

  write(line: string): void {
    if (this.#size + line.length > MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#size += line.length;
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => this.#send());
  }

  /** Calls back when everything is written, or after half a second. */
  flush(done: () => void): void {
    if (!this.#isWriting) {
      done();
      return;
    }
    const timer = setTimeout(end, FLUSH_MILLISECONDS);
    this.#flushed.push(end);
    function end(): void {
      clearTimeout(timer);
      done();
      done = () => {};
    }
  }

  #send(): void {
    const lines = this.#waiting;
    const dropped = this.#dropped;
    if (dropped > 0) lines.push(lineFor(dropped));
    if (lines.length === 0) {
      this.#isWriting = false;
      for (const done of this.#flushed.splice(0)) done();
      return;
    }
    this.#waiting = [];
    this.#size = 0;
    this.#dropped = 0;
    this.#destination.write(lines.join(''), (error) => {
      if (!error) {
        setImmediate(() => this.#send());
        return;
      }
      this.#dropped += dropped + lines.length - (dropped > 0 ? 1 : 0);
      setTimeout(() => this.#send(), AFTER_FAILURE_MILLISECONDS).unref();
    });
  }
}

function lineFor(dropped: number): string {
  const message = `${dropped} lines of the log were dropped, because they could not be written.`;
  return `${JSON.stringify({ severity: 'WARNING', time: new Date().toISOString(), dropped, message })}\n`;
}
