/** Where the lines go: stdout as Node has it, which never blocks where it is a pipe or a socket. */
export interface Destination {
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** What waits for a reader that is slow, or absent; more is dropped. In characters, beside as much that is being written. */
const MOST_WAITING = 1024 * 1024;
/** A disk that was full is not tried again before. */
const AFTER_FAILURE_MILLISECONDS = 1_000;
const FLUSH_MILLISECONDS = 500;

/**
 * Writes lines in order, those of one turn of the event loop in one write: a write for each line would cost as much as all
 * the rest of a push. Never blocks, fails or fills the memory: lines that the destination does not take are dropped, and a
 * line says how many once it takes some again.
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
    // Each write tells its own error; without a listener the process would end.
    destination.on('error', () => {});
  }

  write(line: string): void {
    if (this.#size + line.length > MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#size += line.length;
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => this.#send());
  }

  /** Calls back when all is written, or will not be within half a second. */
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
  const message = `${dropped} lines of the log were dropped: nothing took them.`;
  return `${JSON.stringify({ severity: 'WARNING', time: new Date().toISOString(), dropped, message })}\n`;
}
