/** A name that looks like an identifier. Everything else of an error but its stack frames may hold personal data. */
const NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const CODE = /^[\w.-]{1,64}$/;
/** `    at handle (file:///app/handlers/note.ts:12:5)`, as V8 writes it. */
const FRAME =
  /^ {4}at (?:[\w$.<>#[\] ]{1,200} \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^\s()]{1,300}:\d+:\d+\)?$/;
const MAX_FRAMES = 20;

/** What may be logged of an unknown error: its type and where it was thrown, never its text. */
export interface DescribedError {
  readonly type: string;
  readonly code?: string;
  /** Function, file and line of each frame. */
  readonly stack?: string;
}

/** Describes any thrown value. Never throws, even if a getter does. */
export function describeError(error: unknown): DescribedError {
  try {
    if (!(error instanceof Error)) return { type: typeof error };
    const code = 'code' in error && typeof error.code === 'string' && CODE.test(error.code) && error.code;
    const stack = framesOf(error);
    return { type: nameOf(error), ...(code && { code }), ...(stack && { stack }) };
  } catch {
    return { type: 'unreadable' };
  }
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
  return rest
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, MAX_FRAMES)
    .join('\n');
}
