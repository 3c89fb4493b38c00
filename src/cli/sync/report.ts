import { type FileHandle, open } from 'node:fs/promises';

/** One customer that did not arrive, for a person and for scripts. */
export interface Reported {
  /** `failed` may work in a later run, `rejected` only after a change of the customer or the mapping. */
  readonly outcome: 'rejected' | 'failed';
  readonly id: string;
  readonly version: number | undefined;
  readonly reason: string;
  readonly detail: string;
}

/** A file of rejected and failed customers, NDJSON; it is made with the first of them, and goes on where an earlier run is continued. */
export class Report {
  readonly path: string;
  readonly #continued: boolean;
  #file: FileHandle | undefined;

  constructor(path: string, continued: boolean) {
    this.path = path;
    this.#continued = continued;
  }

  /** Written before the run's checkpoint moves past them. */
  async add(reported: readonly Reported[]): Promise<void> {
    if (reported.length === 0) return;
    this.#file ??= await open(this.path, this.#continued ? 'a' : 'w');
    await this.#file.appendFile(reported.map((one) => `${JSON.stringify(one)}\n`).join(''));
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
