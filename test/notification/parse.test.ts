import t from 'tap';
import { decode } from '../../src/notification/decode.ts';
import { checkBounds, MAX_LEVELS, MAX_VALUES } from '../../src/notification/parse.ts';
import { PushBody } from '../../src/senders/delivery.ts';
import { openPubSub } from '../../src/senders/pubsub.ts';
import { wrap } from '../sandbox/push.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const list = (values: number) => `[${Array.from({ length: values }, () => '1').join(',')}]`;
const long = 'text '.repeat(50);
const tooDeep = `expected JSON with at most ${MAX_LEVELS} levels of nesting, found more.`;
const tooMany = `expected JSON with at most ${MAX_VALUES} values, found more.`;

const cases = [
  { name: 'the deepest level', json: nested(MAX_LEVELS) },
  { name: 'one level more', json: nested(MAX_LEVELS + 1), message: tooDeep },
  { name: 'one level more of objects', json: '{"a":'.repeat(MAX_LEVELS + 1), message: tooDeep },
  { name: 'many values in one list', json: list(MAX_VALUES) },
  { name: 'too many values', json: list(MAX_VALUES + 2), message: tooMany },
  { name: 'too many empty objects', json: `[${'{},'.repeat(MAX_VALUES / 2)}{}]`, message: tooMany },
  { name: 'brackets in a string', json: `["${'[{,'.repeat(MAX_VALUES)}"]` },
  { name: 'brackets in a string, after a quote', json: `["\\"${'[{,'.repeat(MAX_VALUES)}"]` },
  {
    name: 'brackets in a string, after a backslash',
    json: `["\\\\"${',[]'.repeat(MAX_VALUES)}]`,
    message: tooMany,
  },
  {
    name: 'brackets in a string, after a long text and a quote',
    json: `["${long}\\"${'[{,'.repeat(MAX_VALUES)}"]`,
  },
  {
    name: 'brackets in a string, after a long text, a backslash and a quote',
    json: `["${long}\\\\\\"${'[{,'.repeat(MAX_VALUES)}"]`,
  },
  {
    name: 'brackets after a string of a long text and a backslash',
    json: `["${long}\\\\"${',[]'.repeat(MAX_VALUES)}]`,
    message: tooMany,
  },
  {
    name: 'brackets after a string of a long text and many escaped quotes',
    json: `["${`${long}\\"`.repeat(100)}"${',[]'.repeat(MAX_VALUES)}]`,
    message: tooMany,
  },
  { name: 'an unterminated string of brackets', json: `["${'[{,'.repeat(MAX_VALUES)}` },
  { name: 'brackets in a key', json: `{"${'['.repeat(1_000)}":1}` },
  { name: 'more closing than opening brackets', json: ']'.repeat(1_000) },
  { name: 'letters beyond ASCII', json: JSON.stringify({ 'ś{': 'Ż[‛{', '[': '"\\' }) },
  { name: 'nothing', json: '' },
];

for (const { name, json, message } of cases)
  t.test(`${message === undefined ? 'accepts' : 'rejects'} ${name}`, async (t) => {
    const check = () => checkBounds(Buffer.from(json), 'payload');
    if (message === undefined) t.doesNotThrow(check);
    else t.throws(check, { name: 'Rejection', reason: 'undecodable', message: `payload: ${message}` });
  });

t.test('finds the end of a string at every length', async (t) => {
  for (let length = 0; length < 200; length += 1)
    for (const [text, isOver] of [
      ['a'.repeat(length), true],
      ['\\"'.repeat(length), true],
      [`${'a'.repeat(length)}\\`, false],
      [`${'a'.repeat(length)}\\\\`, true],
    ] as const) {
      const check = () => checkBounds(Buffer.from(`["${text}"${nested(MAX_LEVELS)}`), 'payload');
      if (isOver) t.throws(check, { message: `payload: ${tooDeep}` }, text);
      else t.doesNotThrow(check, text);
    }
});

t.test('applies to the push, to the notification, and to the data of a CloudEvent', async (t) => {
  const deep = nested(MAX_LEVELS + 1);
  const event = (data: string) => `{"specversion":"1.0","type":"com.commercetools.x",${data}}`;
  const quoted = JSON.stringify(deep);
  const base64 = Buffer.from(deep).toString('base64');
  for (const [where, push] of [
    ['push', `{"message":{"data":"","more":${deep}}}`],
    ['payload', wrap(`{"more":${deep}}`)],
    ['payload.data', wrap(event(`"data":${quoted}`))],
    ['payload.data_base64', wrap(event(`"data_base64":"${base64}"`))],
  ] as const)
    t.throws(() => decode(openPubSub({}, new PushBody(Buffer.from(push)))), {
      message: `${where}: ${tooDeep}`,
    });
});
