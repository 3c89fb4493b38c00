import fc from 'fast-check';
import t from 'tap';
import { attributesOf } from '../src/dead-letter-attributes.ts';
import { refusalsOf, startDeadLetterTopic } from './chaos/dead-letter-topic.ts';
import { startCommercetools } from './sandbox/commercetools.ts';
import { startFluent } from './sandbox/fluent.ts';
import { sendPush } from './sandbox/push.ts';
import { environmentFor, startService } from './sandbox/service.ts';

const DATA = Buffer.from('{}');
const GROUNDS = { reason: 'undecodable', detail: 'Expected JSON.' };
const of = (attributes: Record<string, string>) =>
  attributesOf({ attributes, data: DATA }, undefined, GROUNDS);

t.test('a dead letter is within what Pub/Sub takes', async (t) => {
  const cases: { name: string; given: Record<string, string>; expected: Record<string, string> }[] = [
    { name: 'what fits stays as it is', given: { a: 'b' }, expected: { a: 'b' } },
    {
      name: 'a long value is cut',
      given: { a: 'x'.repeat(1_025) },
      expected: { a: 'x'.repeat(1_024), attributesCut: '1' },
    },
    {
      name: 'between characters',
      given: { a: `${'x'.repeat(1_023)}é` },
      expected: { a: 'x'.repeat(1_023), attributesCut: '1' },
    },
    {
      name: 'a lone surrogate is replaced',
      given: { a: '\uD800' },
      expected: { a: '\uFFFD', attributesCut: '1' },
    },
    {
      name: 'an empty name is left out',
      given: { '': 'b', c: 'd' },
      expected: { c: 'd', attributesLeftOut: '1' },
    },
    {
      name: 'a long name is left out',
      given: { ['n'.repeat(257)]: 'b' },
      expected: { attributesLeftOut: '1' },
    },
    {
      name: 'a name of Google is left out',
      given: { googclient: 'b' },
      expected: { attributesLeftOut: '1' },
    },
    { name: 'ours win', given: { reason: 'theirs' }, expected: { attributesLeftOut: '1' } },
  ];
  for (const { name, given, expected } of cases) {
    const { parkedAt, reason, detail, ...others } = of(given);
    t.strictSame(others, expected, name);
    t.match({ parkedAt, reason, detail }, { parkedAt: String, ...GROUNDS });
  }
});

t.test('whatever the sender gives', async () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('', 'googx', 'reason'),
  );
  const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.constant('\uDC00x'));
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 130 }), (given) => {
      const found = of(given);
      const refused = refusalsOf(found);
      if (refused.length > 0) throw new Error(refused.join(', '));
      if (found['reason'] !== 'undecodable' || found['detail'] === undefined)
        throw new Error('Ours are missing.');
    }),
    { numRuns: 200 },
  );
});

t.test('a rejected push with such attributes is parked', async (t) => {
  const topic = await startDeadLetterTopic();
  const commercetools = await startCommercetools();
  const fluent = await startFluent();
  t.teardown(() => Promise.all([topic.close(), commercetools.close(), fluent.close()]));
  const service = await startService({
    ...environmentFor(commercetools, fluent),
    DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
    PUBSUB_EMULATOR_HOST: topic.host,
  });
  t.teardown(() => service.close());
  const attributes = { long: 'x'.repeat(5_000), ['n'.repeat(300)]: 'v', '': 'v', half: '\uD83D' };
  const { status } = await sendPush(service.push, '{', { attributes });
  t.equal(status, 204);
  t.match(topic.letters, [{ data: '{', attributes: { reason: 'undecodable', attributesLeftOut: '2' } }]);
});
