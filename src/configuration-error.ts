/** One thing that keeps the service from starting, told so that it can be mended without reading the code. */
export interface Fault {
  /** `environment PORT`, or `config/connector.yml:12:5` (line and column start at 1). */
  readonly where: string;
  readonly expected: string;
  /** Never a secret's value. */
  readonly found: string;
  readonly advice?: string;
}

/** Thrown at the start with everything that is wrong, not only the first of it. */
export class ConfigurationError extends Error {
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(`The configuration has ${faults.length} fault(s).`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}
