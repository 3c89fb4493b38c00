import fc from 'fast-check';
import t from 'tap';
import { attributesOf } from '../../src/dead-letters/attributes.ts';
import type { Event } from '../../src/notification/event.ts';
import { refusalsOf, startDeadLetterTopic } from '../chaos/dead-letter-topic.ts';
import { startCommercetools } from '../sandbox/commercetools.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { sendPush } from '../sandbox/push.ts';
import { environmentFor, startService } from '../sandbox/service.ts';

const DATA = Buffer.from('{}');
const GROUNDS = { reason: 'undecodable', detail: 'Expected JSON.' };
const of = (attributes: Record<string, string>) =>
  attributesOf({ attributes, data: DATA }, undefined, GROUNDS);

t.test("a dead letter is within Pub/Sub's limits", async (t) => {
  const cases: { name: string; given: Record<string, string>; expected: Record<string, string> }[] = [
    { name: 'attributes that fit are not changed', given: { a: 'b' }, expected: { a: 'b' } },
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
    {
      name: 'own attributes take precedence',
      given: { reason: 'from the sender' },
      expected: { attributesLeftOut: '1' },
    },
    {
      name: "the sender's attributes never replace unset own attributes",
      given: { identity: 'jane@example.com', attributesCut: '7' },
      expected: { attributesLeftOut: '2' },
    },
  ];
  for (const { name, given, expected } of cases) {
    const { deadLetteredAt, reason, detail, ...others } = of(given);
    t.strictSame(others, expected, name);
    t.match({ deadLetteredAt, reason, detail }, { deadLetteredAt: String, ...GROUNDS });
  }
});

/** Any UTF-16, including lone surrogates. */
const text = (maxLength: number) =>
  fc
    .array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0xd800, max: 0xdfff }),
        fc.constantFrom(...Buffer.from('abcdefgh')),
      ),
      { maxLength, size: 'max' },
    )
    .map((units) => String.fromCharCode(...units));

t.test(
  "for all attributes of the sender: the result fits, own attributes stay, and each of the sender's is accounted for",
  async () => {
    const name = fc.oneof(text(100), text(300), fc.constantFrom('', 'googx', 'reason', 'attributesCut'));
    const given = fc.dictionary(name, fc.oneof(text(50), text(1_100)), { maxKeys: 130, size: 'max' });
    fc.assert(
      fc.property(given, text(1_100), fc.boolean(), (attributes, content, hasEvent) => {
        const event: Event = { identity: 'customer/c1@1', kind: content, deletion: false, version: 1 };
        const delivery = { attributes, data: DATA, messageId: '1' };
        const found = attributesOf(delivery, hasEvent ? event : undefined, {
          reason: 'poison',
          detail: content,
        });
        const refused = refusalsOf(found);
        if (refused.length > 0) throw new Error(refused.join(', '));
        const ours = {
          reason: 'poison',
          messageId: '1',
          ...(hasEvent && { identity: 'customer/c1@1', version: '1' }),
        };
        for (const [name, value] of Object.entries(ours))
          if (found[name] !== value)
            throw new Error(`Expected ${name} to be ${value}, found ${found[name]}.`);
        for (const value of [found['detail'], hasEvent ? found['kind'] : found['detail']])
          if (value === undefined || !content.toWellFormed().startsWith(value))
            throw new Error('Ours are changed.');
        const own = new Set([
          ...Object.keys(ours),
          'detail',
          'kind',
          'deadLetteredAt',
          'attributesCut',
          'attributesLeftOut',
        ]);
        const senderAttributes = Object.entries(found).filter(([name]) => !own.has(name));
        const intact = senderAttributes.filter(([name, value]) => attributes[name] === value).length;
        if (senderAttributes.length - intact !== Number(found['attributesCut'] ?? 0))
          throw new Error('Miscounted the cut.');
        const leftOut = Object.keys(attributes).length - senderAttributes.length;
        if (leftOut !== Number(found['attributesLeftOut'] ?? 0))
          throw new Error('Miscounted what was left out.');
      }),
      { numRuns: 100 },
    );
  },
);

t.test('a rejected push with such attributes is dead-lettered', async (t) => {
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
