import { type FileHandle, open } from 'node:fs/promises';

/** A line of the report: a customer that was rejected or has failed. */
export interface Reported {
  /** `failed` may succeed in a later run, `rejected` only after a change of the customer or the mapping. */
  readonly outcome: 'rejected' | 'failed';
  readonly id: string;
  readonly version: number | undefined;
  readonly reason: string;
  readonly detail: string;
}

/** An NDJSON file of rejected and failed customers. It is created for the first of them; a continued run appends to it. */
export class Report {
  readonly path: string;
  readonly #continued: boolean;
  #file: FileHandle | undefined;

  constructor(path: string, continued: boolean) {
    this.path = path;
    this.#continued = continued;
  }

  /** Appends customers. Call it before the checkpoint moves past them, so that none is missing after a crash. */
  async add(reported: readonly Reported[]): Promise<void> {
    if (reported.length === 0) return;
    this.#file ??= await open(this.path, this.#continued ? 'a' : 'w');
    await this.#file.appendFile(reported.map((one) => `${JSON.stringify(one)}\n`).join(''));
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
