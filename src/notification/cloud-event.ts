import { z } from 'zod';
import { Rejection } from '../outcome.ts';
import type { Delivery, Event } from './event.ts';
import { isObject, parseBase64, parseJson, parseShape } from './parse.ts';
import { readPlatform } from './platform.ts';

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
const CloudEvent = z.object({
  specversion: z.string().regex(/^1\.\d+$/),
  type: z.string().regex(/^com\.commercetools\./),
  source: z.string().optional().catch(undefined),
  time: z.iso.datetime({ offset: true }).optional().catch(undefined),
  data: z.unknown().optional(),
  data_base64: z.string().nullish(),
});

const TYPE = /^com\.commercetools\.([\w-]+)\.(change|message)\.(\w+)$/;
const SOURCE = /^\/([A-Za-z0-9_-]{1,256})\//;

/** Reads a CloudEvent. Throws a Rejection: `undecodable`, or `contradiction` if its attributes and its data disagree. */
export function readCloudEvent(payload: Record<string, unknown>, delivery: Delivery): Event {
  const outer = parseShape(CloudEvent, payload, 'payload');
  const [, typeId, category, type] = TYPE.exec(outer.type) ?? [];
  const projectKey = outer.source === undefined ? undefined : SOURCE.exec(outer.source)?.[1];
  const kind = category === 'message' ? 'Message' : (type ?? outer.type);
  const event = readPlatform(dataOf(outer), delivery, {
    kind,
    type: category === 'message' ? type : undefined,
    projectKey,
    occurredAt: outer.time,
  });

  checkAgreement('source', 'projectKey', projectKey, event.projectKey);
  if (category === undefined) return event;
  checkAgreement('type', 'notificationType', kind, event.kind);
  if (category === 'message') checkAgreement('type', 'type', type, event.type);
  checkAgreement('type', 'resource.typeId', lettersOf(typeId), lettersOf(event.resource?.typeId));
  return event;
}

function dataOf({ data, data_base64 }: z.output<typeof CloudEvent>): Record<string, unknown> {
  const where = 'payload.data';
  const inner = data_base64
    ? parseJson(parseBase64(data_base64, `${where}_base64`), `${where}_base64`)
    : data;
  const value = typeof inner === 'string' ? parseJson(Buffer.from(inner), where) : inner;
  if (isObject(value)) return value;
  throw new Rejection(
    'undecodable',
    `${where}: expected the notification as an object, found something else.`,
  );
}

/** How a CloudEvent's type spells `product-selection` is not documented, so only letters and digits are compared. */
function lettersOf(typeId: string | undefined): string | undefined {
  return typeId?.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

function checkAgreement(
  outer: string,
  inner: string,
  outerValue: string | undefined,
  innerValue: string | undefined,
): void {
  if (outerValue === undefined || innerValue === undefined || outerValue === innerValue) return;
  throw new Rejection(
    'contradiction',
    `The CloudEvent's ${outer} and its data.${inner} differ, so neither can be trusted; check what publishes to the topic.`,
  );
}
