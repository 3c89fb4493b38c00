/** The fields of a Pub/Sub message besides its data. */
export interface PushOptions {
  readonly messageId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Only sent by a subscription with a dead-letter policy. */
  readonly deliveryAttempt?: number;
  readonly subscription?: string;
}

export interface PushResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The time from sending to the end of the response. */
  readonly milliseconds: number;
}

let sent = 0;

/**
 * Creates the body of a push: a payload (a text unchanged, other values as JSON) in base64, wrapped like Pub/Sub does.
 * https://cloud.google.com/pubsub/docs/push
 */
export function wrap(payload: unknown, options: PushOptions = {}): string {
  sent += 1;
  const { messageId = String(sent), attributes, deliveryAttempt, subscription } = options;
  const publishTime = new Date().toISOString();
  const data = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)).toString(
    'base64',
  );
  return JSON.stringify({
    deliveryAttempt,
    message: { attributes, data, messageId, message_id: messageId, publishTime, publish_time: publishTime },
    subscription: subscription ?? 'projects/sandbox/subscriptions/sandbox',
  });
}

/** Pushes a payload like Pub/Sub. Rejects when the connection fails, or when `signal` aborts. */
export async function sendPush(
  url: string,
  payload: unknown,
  options: PushOptions & { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<PushResponse> {
  const start = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: wrap(payload, options),
    signal: options.signal ?? null,
  });
  const body = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body,
    milliseconds: performance.now() - start,
  };
}
