/**
 * The value of `work`, or of `otherwise` when that takes longer than so many milliseconds. `otherwise` may throw. The work
 * itself goes on; give it a signal to end it.
 */
export async function timeOut<T, Other>(
  work: Promise<T>,
  milliseconds: number,
  otherwise: () => Other,
): Promise<T | Other> {
  const isOver = Promise.withResolvers<typeof OVER>();
  const timer = setTimeout(isOver.resolve, Math.max(0, milliseconds), OVER);
  try {
    const first = await Promise.race([work, isOver.promise]);
    return first === OVER ? otherwise() : first;
  } finally {
    clearTimeout(timer);
  }
}

const OVER = Symbol('over');
