/** A name that a programmer gave. Others may hold anything, and so may all but the frames. */
const NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const CODE = /^[\w.-]{1,64}$/;
/** `    at handle (file:///app/handlers/note.ts:12:5)`, as V8 writes it. */
const FRAME =
  /^ {4}at (?:[\w$.<>#[\] ]{1,200} \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^\s()]{1,300}:\d+:\d+\)?$/;
const MOST_FRAMES = 20;

/** What may be said of an error that nobody knows: its kind and where it came from, never its text. */
export interface DescribedError {
  readonly type: string;
  readonly code?: string;
  /** Function, file and line of each frame. */
  readonly stack?: string;
}

/** Describes whatever was thrown. Never throws, whatever its getters do. */
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

/** The name of an error's class, or the type of what else was thrown. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return NAME.test(error.name) ? error.name : 'Error';
}

function framesOf({ stack, message }: Error): string {
  if (typeof stack !== 'string') return '';
  // The text comes first, and may have lines that look like frames.
  const rest = typeof message === 'string' && message !== '' ? stack.replace(message, () => '') : stack;
  return rest
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, MOST_FRAMES)
    .join('\n');
}
