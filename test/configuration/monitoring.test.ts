import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';

const CONFIG = join(import.meta.dirname, '../../config');

const Annotations = z.strictObject({
  summary: z.string().regex(/^[A-Z].{20,}\.$/),
  description: z.string().regex(/^\S.{20,}\.$/),
  runbook: z.string().min(80),
});
const Rule = z.strictObject({
  alert: z.string().regex(/^CustomerSync[A-Za-z]+$/),
  expr: z.string(),
  for: z
    .string()
    .regex(/^\d+m$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
  annotations: Annotations,
});
const Alerts = z.strictObject({
  groups: z.tuple([z.strictObject({ name: z.string(), rules: z.array(Rule) })]),
});

const Position = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const Panel = z.object({
  id: z.number(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  gridPos: Position,
  targets: z.array(z.object({ refId: z.string(), expr: z.string() })).default([]),
});
const Dashboard = z.object({
  title: z.string(),
  uid: z.string(),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
  panels: z.array(Panel),
});

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies */
const Policy = z.strictObject({
  displayName: z.string(),
  documentation: z.strictObject({ mimeType: z.literal('text/markdown'), content: z.string() }),
  combiner: z.literal('OR'),
  conditions: z.tuple([
    z.strictObject({
      displayName: z.string(),
      conditionThreshold: z.strictObject({
        filter: z.string(),
        aggregations: z.tuple([
          z.strictObject({ alignmentPeriod: z.literal('60s'), perSeriesAligner: z.literal('ALIGN_MAX') }),
        ]),
        comparison: z.literal('COMPARISON_GT'),
        thresholdValue: z.number(),
        duration: z.string().regex(/^\d+s$/),
        trigger: z.strictObject({ count: z.number() }),
      }),
    }),
  ]),
  alertStrategy: z.strictObject({ autoClose: z.string() }),
});

const alerts = Alerts.parse(parse(await readFile(join(CONFIG, 'prometheus-alerts.yml'), 'utf8')));
const dashboard = Dashboard.parse(JSON.parse(await readFile(join(CONFIG, 'grafana-dashboard.json'), 'utf8')));
const [{ rules }] = alerts.groups;
const targets = dashboard.panels.flatMap((panel) => panel.targets);

/** The names of metrics in an expression: everything except functions, labels and variables. */
function metricsIn(expr: string): string[] {
  return expr.match(/\b(customer_sync|process|nodejs)_\w+/g) ?? [];
}

/** Every name that can be queried: a histogram has three. */
function namesIn(text: string): Set<string> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name, type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [`${name}`],
    ),
  );
}

t.test(
  'alerts and dashboard ask for metrics that a running service has, and by labels that they have',
  async (t) => {
    const upstreams = await startUpstreams(t);
    const service = await connect(t, upstreams);
    const customer = await upstreams.commercetools.createCustomer({
      email: 'a@example.com',
      password: 'secret',
    });
    t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
    const text = await (await fetch(`${service.url}/metrics`)).text();
    const names = namesIn(text);
    t.ok(names.size > 30);
    for (const { expr } of [...targets, ...rules]) {
      const metrics = metricsIn(expr);
      t.ok(metrics.length > 0, `${expr} asks for something`);
      t.strictSame(
        metrics.filter((metric) => !names.has(metric)),
        [],
        expr,
      );
    }

    const selectors = [...targets, ...rules].flatMap(({ expr }) => [
      ...expr.matchAll(/(customer_sync_\w+)\{([^}]*)\}/g),
    ]);
    for (const [, metric = '', matchers = ''] of selectors) {
      const series = text.split('\n').find((line) => line.startsWith(`${metric}{`));
      for (const [, label = ''] of matchers.matchAll(/(\w+)[=!]~?"/g)) {
        // The only label that Prometheus adds, and the metrics that have no series until something fails.
        if (label === 'job' || series === undefined) continue;
        t.match(series, `${label}="`, `${metric} has the label ${label}`);
      }
    }
  },
);

t.test('has an alert for everything that needs attention', async (t) => {
  t.strictSame(
    rules.map(({ alert }) => alert),
    [
      'CustomerSyncLags',
      'CustomerSyncFails',
      'CustomerSyncRejects',
      'CustomerSyncBlanksFields',
      'CustomerSyncDeadLetters',
      'CustomerSyncCircuitOpen',
      'CustomerSyncNotReady',
      'CustomerSyncTokensRefused',
      'CustomerSyncQueueNearlyFull',
      'CustomerSyncNoPushes',
      'CustomerSyncPushesRefused',
    ],
  );
});

t.test('every expression has balanced brackets', async (t) => {
  for (const { expr } of [...targets, ...rules]) {
    const open: string[] = [];
    const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
    for (const [bracket] of expr.replaceAll(/"[^"]*"/g, '').matchAll(/[()[\]{}]/g)) {
      if (pairs[bracket] === undefined) open.push(bracket);
      else if (open.pop() !== pairs[bracket]) open.push('unmatched');
    }
    t.strictSame(open, [], expr);
  }
});

t.test('panels do not overlap, and each has its own id', async (t) => {
  const { panels } = dashboard;
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const one of panels) {
    const { x, y, w, h } = one.gridPos;
    t.ok(x + w <= 24, `${one.title} fits`);
    const covered = panels.filter(
      ({ id, gridPos }) =>
        id !== one.id &&
        gridPos.x < x + w &&
        x < gridPos.x + gridPos.w &&
        gridPos.y < y + h &&
        y < gridPos.y + gridPos.h,
    );
    t.strictSame(
      covered.map(({ title }) => title),
      [],
      one.title,
    );
  }
});

t.test('the policy for Cloud Monitoring monitors the push subscription of provision', async (t) => {
  const text = await readFile(join(CONFIG, 'google-alert-policy.json'), 'utf8');
  const { conditions, documentation } = Policy.parse(JSON.parse(text));
  t.match(
    conditions[0].conditionThreshold.filter,
    /pubsub\.googleapis\.com\/subscription\/oldest_unacked_message_age/,
  );
  t.match(conditions[0].conditionThreshold.filter, /subscription_id = "customers"/);
  t.match(documentation.content, /customer-sync doctor/);
});
