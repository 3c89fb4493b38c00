import { parseJson } from '../notification/parse.ts';

/** The body of a push as it came, and as JSON, which is parsed once at most. */
export class PushBody {
  readonly bytes: Buffer;
  #json: unknown;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Throws a Rejection (`undecodable`) where the body is not JSON in UTF-8, or exceeds the bounds. */
  json(): unknown {
    this.#json ??= parseJson(this.bytes, 'push');
    return this.#json;
  }
}
