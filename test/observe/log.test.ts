import type { IncomingHttpHeaders } from 'node:http';
import t from 'tap';
import { createLog, type Log, traceOf } from '../../src/observe/log.ts';

function setUp(level = 'trace') {
  const lines: string[] = [];
  const log = createLog(level, { write: (line) => lines.push(line) });
  return { log, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? 'null') };
}

const SEVERITIES = [
  { level: 'trace', expected: 'DEBUG' },
  { level: 'debug', expected: 'DEBUG' },
  { level: 'info', expected: 'INFO' },
  { level: 'warn', expected: 'WARNING' },
  { level: 'error', expected: 'ERROR' },
  { level: 'fatal', expected: 'CRITICAL' },
] as const;

t.test("maps pino's levels to those of Cloud Logging", async (t) => {
  const { log, last } = setUp();
  for (const { level, expected } of SEVERITIES) {
    log[level]({ event: 'customer/1@2' }, 'A line.');
    t.match(last(), { severity: expected, message: 'A line.', event: 'customer/1@2' }, level);
  }
});

t.test('writes one JSON line for each entry, with its time and without data of the machine', async (t) => {
  const { log, lines, last } = setUp();
  log.info('One\nentry');
  t.equal(lines.length, 1);
  t.equal(lines[0]?.trimEnd().includes('\n'), false);
  t.strictSame(Object.keys(last()).sort(), ['message', 'severity', 'time']);
  t.equal(Number.isNaN(Date.parse(String(last()['time']))), false);
});

t.test('writes nothing below its level', async (t) => {
  const { log, lines } = setUp('warn');
  log.info('Not this.');
  t.equal(lines.length, 0);
});

t.test('writes the stack frames and the code of an error, never its message or properties', async (t) => {
  const secret = 'secret-token';
  const error = Object.assign(new TypeError(`Bearer ${secret}`, { cause: new Error(secret) }), {
    code: 'ECONNRESET',
    config: { headers: { authorization: secret } },
  });
  const framed = new Error(`refused\n    at ${secret}`);
  const cases: { name: string; write(log: Log): void }[] = [
    { name: 'with a message', write: (log) => log.error({ err: error }, 'It failed.') },
    { name: 'without a message', write: (log) => log.error({ err: error }) },
    { name: 'alone', write: (log) => log.error(error) },
    { name: 'alone with a message', write: (log) => log.error(error, 'It failed.') },
    { name: 'from a child', write: (log) => log.child({ route: 'r' }).error({ err: error }) },
    { name: 'with a message that looks like a frame', write: (log) => log.error({ err: framed }) },
    { name: 'that is a string', write: (log) => log.error({ err: secret }, 'It failed.') },
    { name: 'that is an object', write: (log) => log.error({ err: { message: secret } }) },
  ];
  for (const { name, write } of cases) {
    const { log, lines, last } = setUp();
    write(log);
    t.notMatch(lines.join(), secret, name);
    t.type(last()['message'], 'string', name);
  }
  const { log, last } = setUp();
  log.error({ err: error }, 'It failed.');
  t.match(last(), { err: { type: 'TypeError', code: 'ECONNRESET', stack: /^ {4}at .*log\.test\.ts/ } });
});

const W3C = '4bf92f3577b34da6a3ce929d0e0e4736';
const GOOGLE = '105445aa7843bc8bf206b12000100000';

const TRACES: { name: string; headers: IncomingHttpHeaders; expected: string | undefined }[] = [
  { name: 'no header', headers: {}, expected: undefined },
  { name: 'traceparent', headers: { traceparent: `00-${W3C}-00f067aa0ba902b7-01` }, expected: W3C },
  { name: 'a later version', headers: { traceparent: `01-${W3C}-00f067aa0ba902b7-01-more` }, expected: W3C },
  { name: 'Google with a span', headers: { 'x-cloud-trace-context': `${GOOGLE}/123;o=1` }, expected: GOOGLE },
  { name: 'Google alone', headers: { 'x-cloud-trace-context': GOOGLE }, expected: GOOGLE },
  {
    name: 'both',
    headers: { traceparent: `00-${W3C}-00f067aa0ba902b7-01`, 'x-cloud-trace-context': GOOGLE },
    expected: W3C,
  },
  {
    name: 'a traceparent that is none, and Google',
    headers: { traceparent: 'nonsense', 'x-cloud-trace-context': GOOGLE },
    expected: GOOGLE,
  },
  { name: 'too short', headers: { traceparent: '00-4bf92f35-00f067aa0ba902b7-01' }, expected: undefined },
  { name: 'too long', headers: { 'x-cloud-trace-context': `${GOOGLE}0` }, expected: undefined },
  { name: 'repeated', headers: { 'x-cloud-trace-context': [GOOGLE, GOOGLE] }, expected: undefined },
];

for (const { name, headers, expected } of TRACES)
  t.test(`reads the trace from ${name}`, async (t) => {
    t.equal(traceOf(headers), expected);
  });
