import t from 'tap';
import { openPubSub } from '../../src/dead-letters/pubsub-client.ts';
import { startDeadLetterTopic } from './dead-letter-topic.ts';

const CASES: { name: string; attributes: Record<string, string>; refused: boolean }[] = [
  { name: 'what fits', attributes: { a: 'x'.repeat(1_024), ['n'.repeat(256)]: 'é' }, refused: false },
  { name: 'a long value', attributes: { a: 'é'.repeat(513) }, refused: true },
  { name: 'a long name', attributes: { ['é'.repeat(129)]: 'b' }, refused: true },
  { name: 'an empty name', attributes: { '': 'b' }, refused: true },
  { name: 'a name of Google', attributes: { googx: 'b' }, refused: true },
  { name: 'half a character in a value', attributes: { a: '\uD83D' }, refused: true },
  { name: 'half a character in a name', attributes: { '\uD83D': 'b' }, refused: true },
  {
    name: 'more than a hundred',
    attributes: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`a${index}`, 'b'])),
    refused: true,
  },
];

t.test("the stand-in for the dead-letter topic refuses what Google's service refuses", async (t) => {
  const topic = await startDeadLetterTopic();
  const client = await openPubSub({ projectId: 'sandbox', emulatorHost: topic.host });
  t.teardown(async () => {
    await client.close();
    await topic.close();
  });
  const publisher = client.topic('dead-letters', { batching: { maxMessages: 1 } });
  for (const { name, attributes, refused } of CASES) {
    const INVALID_ARGUMENT = 3;
    const published = publisher.publishMessage({ data: Buffer.from('{}'), attributes });
    const code = await published.then(
      () => undefined,
      (error: { code: number }) => error.code,
    );
    t.equal(code, refused ? INVALID_ARGUMENT : undefined, name);
  }
  t.equal(topic.letters.length, 1);
});
