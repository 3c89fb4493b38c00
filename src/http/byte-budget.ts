/** A message of 10 MB, in base64, with its envelope: the largest that Pub/Sub pushes. */
export const LARGEST_PUSH_BYTES = 15 * 1024 * 1024;

/** The bytes that one push holds. */
export interface Reservation {
  /** Reserves more; false, and nothing reserved, where that would exceed the budget. */
  grow(bytes: number): boolean;
  /** Gives everything back; may be called twice. */
  release(): void;
}

/** Bounds how many bytes of push bodies are held at once, from the start of the upload until the event has its outcome. */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes reserved at the moment. */
  get held(): number {
    return this.#held;
  }

  /** Reserves so many bytes; undefined where that would exceed the budget. */
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
