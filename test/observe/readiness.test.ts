import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { Readiness } from '../../src/observe/readiness.ts';

function withClock() {
  let now = 0;
  const probed: string[] = [];
  const upstream = (name: string, accepted = true) => ({
    name,
    async probe() {
      probed.push(name);
      if (!accepted) throw new Error('refused');
    },
  });
  return {
    readiness: new Readiness(() => now),
    probed,
    upstream,
    pass: (milliseconds: number) => (now += milliseconds),
  };
}

t.test('probes only the upstreams that refuse, and not for every request', async (t) => {
  const { readiness, probed, upstream, pass } = withClock();
  const both = [upstream('one', false), upstream('two')];
  readiness.probe(both);
  t.same(probed, []);
  readiness.credentials('one', false);
  readiness.probe(both);
  readiness.probe(both);
  t.same(probed, ['one']);
  pass(2_000);
  readiness.probe(both);
  t.same(probed, ['one', 'one']);
});

t.test(
  'treats a token as proof only after a while, because the permission may still be missing',
  async (t) => {
    const { readiness, upstream, pass } = withClock();
    readiness.credentials('one', false);
    pass(2_000);
    readiness.probe([upstream('one')]);
    await turn();
    t.same(readiness.reasons, ['credentials-refused: one']);
    pass(30_000);
    readiness.probe([upstream('one', false)]);
    await turn();
    t.same(readiness.reasons, ['credentials-refused: one']);
    pass(2_000);
    readiness.probe([upstream('one')]);
    await turn();
    t.same(readiness.reasons, []);
  },
);
