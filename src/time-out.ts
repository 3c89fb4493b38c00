/**
 * Returns the value of `work`, or of `otherwise` if the work takes longer than `milliseconds`. `otherwise` may throw. The
 * work itself continues; pass it a signal to stop it.
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
