import { z } from 'zod';

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
export const SnsMessage = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Subject: z.string().nullish(),
  Message: z.string(),
  Timestamp: z.iso.datetime({ offset: true }),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.base64().max(1_024),
  SigningCertURL: z.string().max(1_024),
  Token: z.string().max(4_096).optional(),
  SubscribeURL: z.string().max(4_096).optional(),
});
export type SnsMessage = z.output<typeof SnsMessage>;

const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const satisfies Record<SnsMessage['Type'], readonly (keyof SnsMessage)[]>;

/** The text that is signed: the name and the value of each field, each on a line of its own, without absent fields. */
export function textToSign(message: SnsMessage): string {
  return SIGNED[message.Type]
    .map((name) => [name, message[name]] as const)
    .map(([name, value]) => (value === undefined || value === null ? '' : `${name}\n${value}\n`))
    .join('');
}

/** The host of SNS in a topic's own region: the only one that certificates and confirmations may come from. */
export function snsHostOf(topicArn: string): string {
  const [, partition, , region] = topicArn.split(':');
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}
