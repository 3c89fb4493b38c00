import t from 'tap';
import { UpstreamFault } from '../../src/upstream/fault.ts';
import { TokenSource } from '../../src/upstream/token-source.ts';
import { faultOf } from './start-server.ts';

/** A token source with a simulated endpoint, on the test's clock in seconds. */
function setUp(lifetimeSeconds = 3_600) {
  const scene: { now: number; requests: number; refuse: Error | undefined } = {
    now: 0,
    requests: 0,
    refuse: undefined,
  };
  const source = new TokenSource(
    async () => {
      scene.requests += 1;
      if (scene.refuse) throw scene.refuse;
      return { value: `token-${scene.requests}`, lifetimeSeconds };
    },
    () => scene.now * 1000,
  );
  return { scene, source };
}

t.test('requests one token for a hundred concurrent callers', async (t) => {
  const { scene, source } = setUp();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => source.get()));
  t.strictSame(new Set(tokens), new Set(['token-1']));
  t.equal(scene.requests, 1);
});

const RENEWALS = [
  { name: 'a minute before a long life ends', lifetimeSeconds: 3_600, keepsUntil: 3_539, renewsAt: 3_540 },
  { name: 'a tenth before a short life ends', lifetimeSeconds: 100, keepsUntil: 89, renewsAt: 90 },
];

for (const { name, lifetimeSeconds, keepsUntil, renewsAt } of RENEWALS)
  t.test(`renews ${name}`, async (t) => {
    const { scene, source } = setUp(lifetimeSeconds);
    await source.get();
    scene.now = keepsUntil;
    t.equal(await source.get(), 'token-1');
    scene.now = renewsAt;
    t.equal(await source.get(), 'token-2');
  });

t.test('drops a token that was refused, but not the one that has replaced it', async (t) => {
  const { source } = setUp();
  const old = await source.get();
  source.invalidate(old);
  t.equal(await source.get(), 'token-2');
  source.invalidate(old);
  t.equal(await source.get(), 'token-2');
});

t.test('requests no token for 5 s after wrong credentials', async (t) => {
  const { scene, source } = setUp();
  scene.refuse = UpstreamFault.credentials('Upstream', 400);
  for (const now of [0, 1, 4.9]) {
    scene.now = now;
    t.match(await faultOf(source.get()), { reason: 'credentials-refused' });
  }
  t.equal(scene.requests, 1);
  scene.now = 5;
  scene.refuse = undefined;
  t.equal(await source.get(), 'token-2');
});

t.test('requests a token again immediately after a transient fault', async (t) => {
  const { scene, source } = setUp();
  scene.refuse = UpstreamFault.network('Upstream', undefined);
  await faultOf(source.get());
  scene.refuse = undefined;
  t.equal(await source.get(), 'token-2');
});
