import type { Test } from 'tap';

/** The test of the file that is running, in the process of a group. */
export const currentTest: { file: Test | undefined } = { file: undefined };
