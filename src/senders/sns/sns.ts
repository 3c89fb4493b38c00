import type { IncomingHttpHeaders } from 'node:http';
import type { OpenedDelivery } from '../../notification/event.ts';
import { isObject } from '../../notification/parse.ts';
import type { Log } from '../../observe/log.ts';
import type { Authenticate, Refusal, Verdict } from '../authenticate/authenticate.ts';
import { deliveryOf, MessageId, NO_ATTRIBUTES, type PushBody, Time } from '../delivery.ts';
import { type PushHead, type PushResponse, refusalResponse, type Sender } from '../sender.ts';
import { STATUS } from '../status.ts';
import { createConfirm } from './confirm.ts';
import { SnsMessage } from './message.ts';
import { createVerify, type SnsTopics, WRONG_TOPIC } from './verify.ts';

/** https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html */
const TIME_LIMIT_SECONDS = 15;

const NOT_SNS: Refusal = {
  status: 401,
  reason: 'no-credentials',
  detail:
    'Expected a message of Amazon SNS with its x-amz-sns headers, found another request: with PUSH_AUTH=sns only SNS may push.',
};
const RAW: Refusal = {
  status: 401,
  reason: 'raw-delivery',
  detail:
    'Expected a signed message, found raw delivery, which has no signature: turn RawMessageDelivery off, or use PUSH_AUTH=token with the token in the URL.',
};
const MALFORMED: Refusal = {
  status: 401,
  reason: 'malformed-message',
  detail: 'Expected a signed message of Amazon SNS in JSON, found something else.',
};
const NO_TOPICS: Refusal = {
  status: 403,
  reason: 'wrong-topic',
  detail:
    "Expected SNS_TOPIC_ARNS, found nothing: set it to the topic's ARN, and request the confirmation again.",
};

export interface SnsOptions {
  /** Checks the credentials before the body is read; undefined where only the signature counts (`PUSH_AUTH=sns`). */
  readonly authenticate: Authenticate | undefined;
  /** The topics that may be confirmed, and that may push where the signature counts. */
  readonly topics: SnsTopics | undefined;
  readonly log: Log;
}

/**
 * AWS SNS, by an HTTPS subscription. With `PUSH_AUTH=sns` every message must be signed by SNS, for a listed topic; with
 * another authentication, only messages that change the subscription.
 */
export function createSns({ authenticate, topics, log }: SnsOptions): Sender {
  const verify = topics ? createVerify(topics) : async (): Promise<Verdict> => NO_TOPICS;
  const confirm = createConfirm(topics?.origin, log);

  /** Refuses a push whose headers are not those of a signed message for a listed topic. The signature is checked later. */
  function judgeHead({ headers }: PushHead): Verdict {
    if (headers['x-amz-sns-message-type'] === undefined) return NOT_SNS;
    if (headers['x-amz-sns-rawdelivery'] === 'true') return RAW;
    const topicArn = headers['x-amz-sns-topic-arn'];
    return topics?.topicArns.some((one) => one === topicArn) ? 'accepted' : WRONG_TOPIC;
  }

  /** Refuses a message without a valid signature, and answers one that contains no notification. */
  async function intercept(_headers: IncomingHttpHeaders, body: PushBody): Promise<PushResponse | undefined> {
    const message = messageIn(body);
    const isNotification = message === undefined || message.Type === 'Notification';
    if (authenticate && isNotification) return undefined;
    const verdict = message ? await verify(message) : MALFORMED;
    if (verdict !== 'accepted') return refusalResponse(verdict);
    if (!message || isNotification) return undefined;
    if (message.Type === 'SubscriptionConfirmation') return confirm(message);
    log.warn(
      { topicArn: message.TopicArn },
      'The SNS subscription was deleted: nothing more is delivered. Subscribe again if that was not meant.',
    );
    return { status: 204 };
  }

  return {
    name: 'sns',
    timeLimitSeconds: TIME_LIMIT_SECONDS,
    statuses: STATUS.sns,
    ownHeaders: [{ name: 'x-amz-sns-message-type' }],
    hasForm: isMessage,
    authenticate: authenticate ?? judgeHead,
    intercept,
    open,
  };
}

function messageIn(body: PushBody): SnsMessage | undefined {
  try {
    return SnsMessage.safeParse(body.json()).data;
  } catch {
    return undefined;
  }
}

/** The notification is the text of `Message`; with raw delivery, the body. */
function open(headers: IncomingHttpHeaders, body: PushBody): readonly OpenedDelivery[] {
  const parsed = body.json();
  if (!isMessage(parsed)) {
    const messageId = MessageId.parse(headers['x-amz-sns-message-id']);
    return [{ ...deliveryOf(body.bytes, NO_ATTRIBUTES, { messageId }), parsed }];
  }
  const data = Buffer.from(parsed.Message);
  const messageId = MessageId.parse(parsed['MessageId']);
  const publishTime = Time.parse(parsed['Timestamp']);
  return [deliveryOf(data, NO_ATTRIBUTES, { messageId, publishTime })];
}

function isMessage(body: unknown): body is Record<string, unknown> & { readonly Message: string } {
  if (!isObject(body)) return false;
  return (
    typeof body['Type'] === 'string' &&
    typeof body['TopicArn'] === 'string' &&
    typeof body['Message'] === 'string'
  );
}
