/** A request of a sender, in the form that `fetch` accepts. */
export interface SenderRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface EventBridgeOptions {
  readonly id?: string;
  readonly detailType?: string;
}

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'user-agent': 'Amazon/EventBridge/ApiDestinations',
  range: 'bytes=0-1048575',
};

let sent = 0;

/** The whole event, as a rule sends it to an API destination. */
export function eventBridgeRequest(detail: unknown, options: EventBridgeOptions = {}): SenderRequest {
  sent += 1;
  const body = {
    version: '0',
    id: options.id ?? `00000000-0000-4000-8000-${String(sent).padStart(12, '0')}`,
    'detail-type': options.detailType ?? 'ResourceUpdated',
    source: 'aws.partner/commercetools.com/sandbox-project/fluent-customer-sync',
    account: '123456789012',
    time: new Date().toISOString(),
    region: 'us-east-2',
    resources: [],
    detail,
  };
  return { method: 'POST', headers: HEADERS, body: JSON.stringify(body) };
}

/** The body for a target with `InputPath: $.detail`. */
export function eventBridgeDetail(detail: unknown): SenderRequest {
  return { method: 'POST', headers: HEADERS, body: JSON.stringify(detail) };
}
