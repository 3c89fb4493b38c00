import { createSign, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { SenderRequest } from './eventbridge.ts';
import { rsaKey, selfSigned } from './x509.ts';

const REGION = 'us-west-2';
export const TOPIC_ARN = `arn:aws:sns:${REGION}:123456789012:customers`;

type Fields = Readonly<Record<string, string | undefined>>;

/** The server's answer: as SNS', 500, none, not a certificate, a response that never ends, or a redirect. */
export type SnsFault = 'none' | 'error' | 'hang' | 'nonsense' | 'endless' | 'redirect';

export interface SnsMessageOptions {
  readonly version?: '1' | '2';
  /** Overrides fields before the message is signed. */
  readonly fields?: Fields;
  /** Overrides fields of the signed message, which makes its signature invalid. */
  readonly forged?: Fields;
  /** Overrides headers. */
  readonly headers?: Fields;
}

/** A local stand-in for the host of SNS, which also signs messages. */
export interface SnsSandbox {
  /** The value for SNS_ORIGIN. */
  readonly origin: string;
  readonly requests: { certificates: number; confirmations: number };
  /** The query of each request that confirms a subscription. */
  readonly confirmed: readonly URLSearchParams[];
  fault: SnsFault;
  /** The target of a redirect. */
  redirectTo: string;
  notification(payload: unknown, options?: SnsMessageOptions): SenderRequest;
  raw(payload: unknown): SenderRequest;
  subscriptionConfirmation(options?: SnsMessageOptions): SenderRequest;
  unsubscribeConfirmation(options?: SnsMessageOptions): SenderRequest;
  close(): Promise<void>;
}

const SIGNED_NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const SIGNED_CONFIRMATION = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
];
const ALGORITHMS = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const;

/**
 * Starts it on a free port of 127.0.0.1; give different key numbers to two stand-ins that need different keys.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export async function startSns(key = 0): Promise<SnsSandbox> {
  const { privateKey, publicKey } = rsaKey(key);
  const pem = selfSigned(publicKey, privateKey);
  const path = `/SimpleNotificationService-${randomUUID().replaceAll('-', '')}.pem`;
  const requests = { certificates: 0, confirmations: 0 };
  const confirmed: URLSearchParams[] = [];

  function answer(url: URL, response: ServerResponse): void {
    const isConfirmation = url.pathname === '/';
    requests[isConfirmation ? 'confirmations' : 'certificates'] += 1;
    if (sandbox.fault === 'hang') return;
    if (sandbox.fault === 'error') response.writeHead(500).end();
    else if (sandbox.fault === 'nonsense') response.end('<html></html>');
    else if (sandbox.fault === 'endless') stream(response);
    else if (sandbox.fault === 'redirect') response.writeHead(302, { location: sandbox.redirectTo }).end();
    else if (isConfirmation) {
      confirmed.push(url.searchParams);
      response.end('<ConfirmSubscriptionResponse/>');
    } else if (url.pathname === path) response.end(pem);
    else response.writeHead(404).end();
  }

  const http = createServer((request, response) =>
    answer(new URL(request.url ?? '/', 'http://localhost'), response),
  );
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  function message(type: string, signed: readonly string[], own: Fields, options: SnsMessageOptions) {
    const { version = '1', fields, forged, headers } = options;
    const whole: Fields = {
      Type: type,
      MessageId: randomUUID(),
      TopicArn: TOPIC_ARN,
      Timestamp: new Date().toISOString(),
      SignatureVersion: version,
      SigningCertURL: `https://sns.${REGION}.amazonaws.com${path}`,
      ...own,
      ...fields,
    };
    const text = signed.flatMap((name) => (whole[name] === undefined ? [] : [`${name}\n${whole[name]}\n`]));
    const signature = createSign(ALGORITHMS[version]).update(text.join('')).sign(privateKey, 'base64');
    const body: Fields = { ...whole, Signature: signature, ...forged };
    return {
      method: 'POST',
      headers: defined({
        'content-type': 'text/plain; charset=UTF-8',
        'user-agent': 'Amazon Simple Notification Service Agent',
        'x-amz-sns-message-type': type,
        'x-amz-sns-message-id': body['MessageId'],
        'x-amz-sns-topic-arn': body['TopicArn'],
        ...headers,
      }),
      body: JSON.stringify(body),
    } as const;
  }

  function confirmation(type: string, options: SnsMessageOptions) {
    const token = randomUUID().replaceAll('-', '');
    const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: TOPIC_ARN, Token: token });
    const own = {
      Token: token,
      Message: 'You have chosen to subscribe to the topic.',
      SubscribeURL: `https://sns.${REGION}.amazonaws.com/?${query}`,
    };
    return message(type, SIGNED_CONFIRMATION, own, options);
  }

  const sandbox: SnsSandbox = {
    origin: `http://127.0.0.1:${port}`,
    requests,
    confirmed,
    fault: 'none',
    redirectTo: '',
    notification(payload, options = {}) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      return message('Notification', SIGNED_NOTIFICATION, { Message: text }, options);
    },
    raw: (payload) => ({
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'x-amz-sns-message-type': 'Notification',
        'x-amz-sns-message-id': randomUUID(),
        'x-amz-sns-topic-arn': TOPIC_ARN,
        'x-amz-sns-rawdelivery': 'true',
      },
      body: JSON.stringify(payload),
    }),
    subscriptionConfirmation: (options = {}) => confirmation('SubscriptionConfirmation', options),
    unsubscribeConfirmation: (options = {}) => confirmation('UnsubscribeConfirmation', options),
    async close() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return sandbox;
}

function defined(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function stream(response: ServerResponse): void {
  const write = () => {
    while (!response.destroyed && response.write(' '.repeat(16_384)));
  };
  response.on('drain', write);
  write();
}
