import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import t from 'tap';
import { z } from 'zod';
import { findChromium, openPage, startBrowser } from '../sandbox/browser.ts';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';

const found = findChromium();
const Violations = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PATIENCE = 20_000;

if ('skip' in found) t.test('the page in a browser', { skip: found.skip }, async () => {});
else await inBrowser(await startBrowser(found.path), await readFile(AXE, 'utf8'));

async function inBrowser(browser: Browser, axe: string): Promise<void> {
  t.teardown(() => browser.close());
  const upstreams = await startUpstreams(t);
  const [first, second] = upstreams.commercetools.seed(2);
  if (!first || !second) throw new Error('Expected customers.');
  const changeOf = ({ id, version }: { id: string; version: number }) => ({
    notificationType: 'ResourceUpdated',
    projectKey: upstreams.commercetools.projectKey,
    resource: { typeId: 'customer', id },
    version,
    oldVersion: version,
    modifiedAt: new Date().toISOString(),
  });

  const looks = [
    { name: 'in the light', options: { colorScheme: 'light' } },
    { name: 'in the dark', options: { colorScheme: 'dark' } },
    {
      name: 'on a phone',
      options: { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true },
    },
    {
      name: 'on a phone in the dark',
      options: { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
    },
  ] as const;
  for (const { name, options } of looks)
    await t.test(`can be read by everybody ${name}, without scrolling sideways`, async (t) => {
      const { url, push } = await connect(t, upstreams);
      for (const payload of [
        changeOf(first),
        'no JSON',
        { ...changeOf(second), resource: { typeId: 'order', id: 'o-1' } },
      ])
        await sendPush(push, payload);
      upstreams.commercetools.fault({ kind: 'status', times: 3 });
      await sendPush(push, { ...changeOf(second), version: second.version + 1 });
      upstreams.commercetools.clearFaults();
      // Only here: axe comes from the test, which the page's own policy forbids.
      const { page } = await openPage(t, browser, url, {
        ...options,
        bypassCSP: true,
        reducedMotion: 'reduce',
      });
      await page.locator('#recent tbody tr').nth(3).waitFor({ timeout: PATIENCE });
      await page.evaluate(axe);
      const result = await page.evaluate<unknown>('axe.run().then(({ violations }) => violations)');
      const violations = Violations.parse(result);
      t.strictSame(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        [],
      );
      const [inner, outer] = await page.evaluate<number[]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      t.ok((inner ?? 0) <= (outer ?? 0), `${inner} px in ${outer} px`);
    });
}
