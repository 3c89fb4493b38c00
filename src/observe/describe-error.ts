import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A name that looks like an identifier. Everything else of an error but its stack frames may hold personal data. */
const NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const CODE = /^[\w.-]{1,64}$/;
/** `    at handle (file:///app/handlers/note.ts:12:5)`, as V8 writes it. */
const FRAME =
  /^ {4}at (?:[\w$.<>#[\] ]{1,200} \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^\s()]{1,300}:\d+:\d+\)?$/;
const MAX_FRAMES = 20;
/** Node puts the place of a syntax error before its text, on a line of its own. */
const HEAD = /^(?:file:\/\/|\/|[A-Za-z]:\\)[^\s()]{1,300}:\d+$/;
const MAX_MESSAGE = 500;
const ROOT = pathToFileURL(join(import.meta.dirname, '..', '..')).pathname;

/** The loggable parts of an unknown error: its type and where it was thrown; its message only if the caller requests it. */
export interface DescribedError {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  /** Function, file and line of each frame. */
  readonly stack?: string;
}

/** The code of a system error, as in `ENOENT`; undefined for any other value. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && error.code !== undefined
    ? String(error.code)
    : undefined;
}

/** Wraps an error whose text must not be logged anywhere, not even in development. */
export class WithoutMessage {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Describes any thrown value. Never throws, even if a getter does. */
export function describeError(error: unknown, { withMessage = false } = {}): DescribedError {
  try {
    if (!(error instanceof Error)) return { type: typeof error };
    const code = 'code' in error && typeof error.code === 'string' && CODE.test(error.code) && error.code;
    const stack = framesOf(error);
    const message = withMessage && String(error.message).slice(0, MAX_MESSAGE);
    return {
      type: nameOf(error),
      ...(code && { code }),
      ...(message && { message }),
      ...(stack && { stack }),
    };
  } catch {
    return { type: 'unreadable' };
  }
}

/** The file and line where an error was thrown, relative to the project's folder; undefined if they are not known. */
export function placeOf(error: unknown): string | undefined {
  const frames = describeError(error).stack?.split('\n') ?? [];
  const own = frames.find((frame) => !/node:|[\\/]node_modules[\\/]/.test(frame));
  const place = own && /\(?(?:file:\/\/)?([^\s()]+:\d+)\)?$/.exec(own)?.[1];
  return place && shortPlace(place);
}

/** The path of a file in the project, relative to the project's folder. */
export function shortPlace(place: string): string {
  return place.replace(/^file:\/\//, '').replace(`${ROOT}/`, '');
}

/** An error as a person reads it in a terminal. */
export function textOfError(error: unknown, options: { withMessage: boolean }): string {
  const { type, message, stack } = describeError(error, options);
  return [message === undefined ? type : `${type}: ${message}`, ...(stack ? [stack] : [])].join('\n');
}

/** The name of an error's class, or the type of any other thrown value. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return NAME.test(error.name) ? error.name : 'Error';
}

function framesOf({ stack, message }: Error): string {
  if (typeof stack !== 'string') return '';
  // The stack begins with the text, which may have lines that look like frames.
  const rest = typeof message === 'string' && message !== '' ? stack.replace(message, () => '') : stack;
  const [head = '', ...lines] = rest.split('\n');
  const place = HEAD.test(head) ? [`    at ${head}`] : [];
  return [...place, ...lines.filter((line) => FRAME.test(line))].slice(0, MAX_FRAMES).join('\n');
}
