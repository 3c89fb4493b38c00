import type { Register } from './command-line.ts';

/** Registers nothing yet. */
export const registerExplain: Register = () => {};
