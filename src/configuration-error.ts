/** One fault that prevents the start, described so that it can be corrected without reading the code. */
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

const LONGEST_QUOTE = 80;

/** A value in the words of a fault: text is quoted and cut to 80 characters, a secret is only measured. */
export function describeFound(value: unknown, secret = false): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = String(value);
  if (secret) return `a value of ${text.length} characters`;
  if (typeof value !== 'string') return text;
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}
