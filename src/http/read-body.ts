import type { Readable } from 'node:stream';
import { errorCodes } from 'fastify';
import { Failure } from '../outcome.ts';
import { type ByteBudget, LARGEST_PUSH_BYTES, type Reservation } from './byte-budget.ts';

/** The body of a push, and its part of the byte budget. */
export interface HeldBody {
  /** Returns the bytes and drops the reference, so that they can be freed before the event is finished. */
  takeBytes(): Buffer;
  /** To be called once the event has its outcome; may be called twice. */
  release(): void;
}

const RETRY_AFTER_SECONDS = 1;
/** The buffer for a body of unknown length grows by this at most. */
const GROWTH_BYTES = 1024 * 1024;
const NO_BYTES = Buffer.alloc(0);

/**
 * Reads a body into one buffer. Throws a `Failure` if the budget is exceeded: before anything is read if `declaredBytes`
 * (the Content-Length) exceeds it, otherwise at the first chunk that does not fit.
 */
export async function readBody(
  stream: Readable,
  declaredBytes: number | undefined,
  budget: ByteBudget,
): Promise<HeldBody> {
  if ((declaredBytes ?? 0) > LARGEST_PUSH_BYTES) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
  const reservation = budget.reserve(declaredBytes ?? 0);
  if (!reservation) throw budgetSpent();
  try {
    let bytes = await collect(stream, declaredBytes, reservation);
    return {
      takeBytes() {
        const taken = bytes;
        bytes = NO_BYTES;
        return taken;
      },
      release: () => reservation.release(),
    };
  } catch (error) {
    reservation.release();
    throw error;
  }
}

/**
 * Copies every chunk into one buffer, of the declared length or growing. A list of chunks would need twice the memory when
 * it is joined, and hundreds of times the memory for a body sent byte by byte.
 */
async function collect(
  stream: Readable,
  declaredBytes: number | undefined,
  reservation: Reservation,
): Promise<Buffer> {
  let whole = Buffer.allocUnsafe(declaredBytes ?? 0);
  let length = 0;
  await consume(stream, (chunk) => {
    const needed = length + chunk.length;
    if (needed > LARGEST_PUSH_BYTES) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    if (needed > whole.length) {
      const capacity = Math.max(needed, Math.min(whole.length * 2, whole.length + GROWTH_BYTES));
      if (!reservation.grow(capacity - whole.length)) throw budgetSpent();
      const larger = Buffer.allocUnsafe(capacity);
      whole.copy(larger, 0, 0, length);
      whole = larger;
    }
    length += chunk.copy(whole, length);
  });
  if (declaredBytes !== undefined && length !== declaredBytes)
    throw new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH();
  return whole.subarray(0, length);
}

/** Passes every chunk to `take`. After an error the rest is discarded, because the connection is closed. */
function consume(stream: Readable, take: (chunk: Buffer) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onData = (chunk: Buffer) => {
    try {
      take(chunk);
    } catch (error) {
      stream.off('data', onData);
      reject(error);
    }
  };
  let isOver = false;
  const onEnd = () => {
    isOver = true;
    resolve();
  };
  const onCut = () => {
    // `close` also follows a regular end. The error is created only if needed, because that costs more than reading a
    // small body.
    if (!isOver) reject(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
    isOver = true;
  };
  stream.on('data', onData).once('end', onEnd).once('error', onCut).once('close', onCut);
  return promise;
}

function budgetSpent(): Failure {
  return new Failure(
    'bytes-in-flight',
    'The pushes in flight use all of QUEUE_BYTES; deliver this one again later.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
