import type { IncomingHttpHeaders } from 'node:http';

/** What is said of a span: ids, codes and numbers only. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A stretch of time in a trace. */
export interface Span {
  /** One that is part of this one, beginning now. */
  child(name: string): Span;
  /** Ends it, the first time it is called. `failed` marks it as an error. */
  end(attributes?: Attributes, failed?: boolean): void;
  /** Points to another span that did the work for this one. */
  link(other: Span): void;
}

/** Traces pushes. */
export interface Traces {
  /** Opens the span of a push that began to arrive `elapsed` milliseconds ago, in the trace that `traceparent` names, if any. */
  push(headers: IncomingHttpHeaders, elapsed: number): Span;
  /** Hands over what is not handed over yet, for 2 seconds at most. */
  close(): Promise<void>;
}

/** Times `work` as a child of the span, with the code of what it throws. */
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
