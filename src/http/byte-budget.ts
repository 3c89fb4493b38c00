/** A message of 10 MB, in base64, with its envelope: the largest that Pub/Sub pushes. */
export const LARGEST_PUSH_BYTES = 15 * 1024 * 1024;

/** The bytes that are reserved for one push. */
export interface Reservation {
  /** Reserves more bytes. Returns false, and reserves none, if that would exceed the budget. */
  grow(bytes: number): boolean;
  /** Releases all bytes; may be called twice. */
  release(): void;
}

/** Bounds the bytes of push bodies in memory. A push counts from the start of its upload until its event has an outcome. */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes reserved now. */
  get held(): number {
    return this.#held;
  }

  /** Reserves bytes; undefined if that would exceed the budget. */
  reserve(bytes: number): Reservation | undefined {
    if (!this.#take(bytes)) return undefined;
    let own = bytes;
    return {
      grow: (more) => {
        if (!this.#take(more)) return false;
        own += more;
        return true;
      },
      release: () => {
        this.#held -= own;
        own = 0;
      },
    };
  }

  #take(bytes: number): boolean {
    if (this.#held + bytes > this.#limit) return false;
    this.#held += bytes;
    return true;
  }
}
