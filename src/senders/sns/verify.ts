import { verify as verifySignature } from 'node:crypto';
import type { Refusal, Verdict } from '../authenticate/authenticate.ts';
import { createCertificates } from './certificates.ts';
import { type SnsMessage, snsHostOf, textToSign } from './message.ts';

/** The topics whose messages are accepted. */
export interface SnsTopics {
  readonly topicArns: readonly string[];
  /** The origin that certificates and confirmations are requested from instead of SNS' own host, after the real URL was checked. */
  readonly origin?: string;
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html */
const CERTIFICATE_URL =
  /^https:\/\/sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?\/SimpleNotificationService-[a-zA-Z0-9]{32}\.pem$/;
const ALGORITHMS = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const;
/** SNS retries for an hour; the rest allows for clocks that differ. */
const OLDEST_MILLISECONDS = 2 * 60 * 60_000;
const NEWEST_MILLISECONDS = 15 * 60_000;
const RETRY_AFTER_SECONDS = 5;

/** Why a topic's messages are refused. */
export const WRONG_TOPIC: Refusal = {
  status: 403,
  reason: 'wrong-topic',
  detail:
    "Expected a topic of SNS_TOPIC_ARNS, found another: add the topic's ARN to the list, or delete the subscription.",
};
const WRONG_CERTIFICATE_URL: Refusal = {
  status: 401,
  reason: 'wrong-certificate-url',
  detail:
    "Expected SigningCertURL to be a certificate of SNS in the topic's region, found another URL; nothing was fetched.",
};
const WRONG_SUBSCRIBE_URL: Refusal = {
  status: 401,
  reason: 'wrong-subscribe-url',
  detail:
    "Expected SubscribeURL to confirm the message's own topic at SNS in the topic's region, found another URL; nothing was confirmed.",
};
const WRONG_SIGNATURE: Refusal = {
  status: 401,
  reason: 'wrong-signature',
  detail: 'Expected a message signed by SNS, found one that fails the verification.',
};
const STALE: Refusal = {
  status: 403,
  reason: 'stale-message',
  detail:
    'Expected a message of the last two hours, found an older one, or one of the future: compare the clock of this host.',
};

/**
 * Creates the check of a message: its topic, the hosts of its URLs, its age, its signature. The certificate is fetched last,
 * so a forged message causes no request.
 */
export function createVerify({ topicArns, origin }: SnsTopics): (message: SnsMessage) => Promise<Verdict> {
  const certificateAt = createCertificates();

  return async (message) => {
    const { TopicArn, SigningCertURL, SignatureVersion, Signature } = message;
    if (!topicArns.includes(TopicArn)) return WRONG_TOPIC;
    const isOfSns = CERTIFICATE_URL.test(SigningCertURL) && URL.canParse(SigningCertURL);
    if (!isOfSns || new URL(SigningCertURL).host !== snsHostOf(TopicArn)) return WRONG_CERTIFICATE_URL;
    if (message.Type === 'SubscriptionConfirmation' && !confirmsOwnTopic(message)) return WRONG_SUBSCRIBE_URL;
    const age = Date.now() - Date.parse(message.Timestamp);
    if (age > OLDEST_MILLISECONDS || age < -NEWEST_MILLISECONDS) return STALE;

    const certificate = await certificateAt(at(SigningCertURL, origin));
    if ('fault' in certificate) return unavailable(certificate.fault);
    const isValid = verifySignature(
      ALGORITHMS[SignatureVersion],
      Buffer.from(textToSign(message)),
      certificate.key,
      Buffer.from(Signature, 'base64'),
    );
    return isValid ? 'accepted' : WRONG_SIGNATURE;
  };
}

/** The same URL at the configured origin, if there is one. */
export function at(url: string, origin: string | undefined): string {
  if (origin === undefined) return url;
  const { pathname, search } = new URL(url);
  return origin + pathname + search;
}

function confirmsOwnTopic({ SubscribeURL = '', TopicArn }: SnsMessage): boolean {
  if (!URL.canParse(SubscribeURL)) return false;
  const { origin, username, password, pathname, searchParams } = new URL(SubscribeURL);
  return (
    origin === `https://${snsHostOf(TopicArn)}` &&
    username === '' &&
    password === '' &&
    pathname === '/' &&
    searchParams.get('Action') === 'ConfirmSubscription' &&
    searchParams.get('TopicArn') === TopicArn
  );
}

function unavailable(fault: string): Refusal {
  return {
    status: 503,
    reason: 'certificate-unavailable',
    detail: `The certificate of SNS cannot be fetched (${fault}), so no message can be verified.`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  };
}
