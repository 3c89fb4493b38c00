import type { IncomingHttpHeaders } from 'node:http';

/** The attributes of a span: ids, codes and numbers only. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span of a trace. */
export interface Span {
  /** Starts a child span. */
  child(name: string): Span;
  /** Ends the span; further calls have no effect. `failed` marks it as an error. */
  end(attributes?: Attributes, failed?: boolean): void;
  /** Links to the span that did the work for this one. */
  link(other: Span): void;
}

/** Traces pushes. */
export interface Traces {
  /**
   * Starts the span of a push that began to arrive `elapsed` milliseconds ago, in the trace of its `traceparent`, if
   * any.
   */
  push(headers: IncomingHttpHeaders, elapsed: number): Span;
  /** Exports the remaining spans, for 2 seconds at most. */
  close(): Promise<void>;
}

/** Runs `work` in a child span, with the code of the error if it fails. */
export async function timed<T>(span: Span, name: string, work: (child: Span) => Promise<T>): Promise<T> {
  const child = span.child(name);
  try {
    const value = await work(child);
    child.end();
    return value;
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : undefined;
    child.end({ 'customer_sync.reason': reason }, true);
    throw error;
  }
}
