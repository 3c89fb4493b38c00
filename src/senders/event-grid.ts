import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { OpenedDelivery } from '../notification/event.ts';
import { isObject } from '../notification/parse.ts';
import { Rejection } from '../outcome.ts';
import type { Authenticate } from './authenticate/authenticate.ts';
import { deliveryOf, MessageId, NO_ATTRIBUTES, type PushBody, Time } from './delivery.ts';
import type { PushResponse, Sender } from './sender.ts';
import { STATUS } from './status.ts';

/** https://learn.microsoft.com/azure/event-grid/delivery-and-retry */
const TIME_LIMIT_SECONDS = 30;
/** The largest batch that Event Grid can be configured to send. */
const MAX_EVENTS = 5_000;
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';

const Origin = z.string().regex(/^[A-Za-z0-9.-]{1,253}$/);
const Validation = z.object({ data: z.object({ validationCode: z.string().regex(/^[\w.-]{1,256}$/) }) });

/** Azure Event Grid, by a webhook: CloudEvents, one or a batch of them. */
export function createEventGrid(authenticate: Authenticate): Sender {
  return {
    name: 'event-grid',
    timeLimitSeconds: TIME_LIMIT_SECONDS,
    statuses: STATUS['event-grid'],
    ownHeaders: [
      { name: 'aeg-event-type' },
      { name: 'aeg-subscription-name' },
      { name: 'content-type', prefix: 'application/cloudevents' },
    ],
    hasForm: Array.isArray,
    authenticate,
    answerOptions,
    intercept,
    open,
  };
}

/**
 * The handshake of CloudEvents, which comes without credentials. The answer repeats only the origin, and no callback URL is
 * requested.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
 */
function answerOptions(headers: IncomingHttpHeaders): PushResponse {
  const origin = Origin.safeParse(headers['webhook-request-origin']);
  if (!origin.success)
    return {
      status: 400,
      problem: {
        reason: 'bad-request',
        detail: 'Expected the header WebHook-Request-Origin with a host name, found none.',
      },
    };
  return {
    status: 200,
    headers: { 'webhook-allowed-origin': origin.data, 'webhook-allowed-rate': '*', allow: 'POST, OPTIONS' },
  };
}

/** Answers the event that validates the endpoint. https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema */
async function intercept(headers: IncomingHttpHeaders, body: PushBody): Promise<PushResponse | undefined> {
  const event = firstOf(body);
  const isValidation =
    headers['aeg-event-type'] === 'SubscriptionValidation' ||
    (isObject(event) && (event['eventType'] === VALIDATION || event['type'] === VALIDATION));
  if (!isValidation) return undefined;
  const validation = Validation.safeParse(event);
  if (validation.success)
    return { status: 200, content: { validationResponse: validation.data.data.validationCode } };
  return {
    status: 400,
    problem: { reason: 'bad-request', detail: 'Expected data.validationCode with a code, found none.' },
  };
}

function firstOf(body: PushBody): unknown {
  try {
    const json = body.json();
    return Array.isArray(json) ? json[0] : json;
  } catch {
    // `open` reports what is wrong with the body.
    return undefined;
  }
}

function open(headers: IncomingHttpHeaders, body: PushBody): readonly OpenedDelivery[] {
  const json = body.json();
  const count = Number(headers['aeg-delivery-count']);
  const attempt = Number.isSafeInteger(count) && count >= 0 ? count + 1 : undefined;
  if (!Array.isArray(json)) return [openOne(json, body.bytes, attempt)];
  if (json.length === 0 || json.length > MAX_EVENTS)
    throw new Rejection(
      'undecodable',
      `push: expected 1 to ${MAX_EVENTS} events in the array, found ${json.length}.`,
    );
  return json.map((event: unknown) => openOne(event, Buffer.from(JSON.stringify(event)), attempt));
}

function openOne(event: unknown, data: Buffer, attempt: number | undefined): OpenedDelivery {
  const { id, time }: Record<string, unknown> = isObject(event) ? event : {};
  const metadata = { messageId: MessageId.parse(id), publishTime: Time.parse(time), attempt };
  return { ...deliveryOf(data, NO_ATTRIBUTES, metadata), parsed: event };
}
