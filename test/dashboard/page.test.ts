import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import t from 'tap';
import { z } from 'zod';
import { findChromium, openPage, PATIENCE_MILLISECONDS, startBrowser } from '../sandbox/browser.ts';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { startService } from '../sandbox/service.ts';
import { until } from '../sandbox/until.ts';

const found = findChromium();
const Violations = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const GREEN = `(() => {
  const canvas = document.querySelector('#plot-events canvas');
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const heights = new Set();
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === 27 && data[at + 1] === 127 && data[at + 2] === 77)
      heights.add(Math.floor(at / 4 / canvas.width));
  return heights.size;
})()`;

if ('skip' in found) t.test('the page in a browser', { skip: found.skip }, async () => {});
else await inBrowser(await startBrowser(found.path));

async function inBrowser(browser: Browser): Promise<void> {
  t.teardown(() => browser.close());
  const upstreams = await startUpstreams(t);
  // The page shows an event when its ten seconds are over, and finds a lost connection after some.
  t.jobs = 10;
  const customers = upstreams.commercetools.seed(3);
  const [first, second] = customers;
  if (!first || !second) throw new Error('Expected customers.');
  const changeOf = ({ id, version }: { id: string; version: number }) => ({
    notificationType: 'ResourceUpdated',
    projectKey: upstreams.commercetools.projectKey,
    resource: { typeId: 'customer', id },
    version,
    oldVersion: version,
    modifiedAt: new Date().toISOString(),
  });

  t.test('moves when pushes come, and finds one by its resource id', async (t) => {
    const { url, push } = await connect(t, upstreams);
    const { page, said } = await openPage(t, browser, url);
    /** At how many heights the plot has the colour of what is done: a line at zero has a few. */
    const drawn = () => page.evaluate<number>(GREEN);
    t.ok((await drawn()) < 10);
    const label = page.locator('#plot-events .canvas');
    // First, as the label has the rates of the last ten seconds in which there was an event: one of those that are done.
    t.equal((await sendPush(push, 'no JSON')).status, 422);
    for (const customer of [first, second, first])
      t.equal((await sendPush(push, changeOf(customer))).status, 204);
    await page.locator('#recent tbody tr').nth(3).waitFor();
    t.equal(await page.locator('#reasons tbody tr').count(), 1);
    t.match(await page.locator('#reasons tbody').innerText(), /rejected\s+undecodable\s+1/);
    t.match(await page.locator('#recent tbody').innerText(), /created\s+.*primaryEmail/);
    t.match(await page.locator('#flow desc').textContent(), /Done: 3, .+ Rejected: 1, /);
    t.match(await page.locator('#accounts').innerText(), /commercetools .+ answers[\s\S]+Fluent SANDBOX/);
    t.ok(await until(async () => /done 0\.\d+\/s/.test((await label.getAttribute('aria-label')) ?? '')));
    t.ok(await until(async () => (await drawn()) > 20), 'the canvas shows it');

    await page.getByLabel('Resource id or reason').fill(second.id.slice(0, 13).toUpperCase());
    t.equal(await page.locator('#found').textContent(), '1 of 4 outcomes found');
    t.match(await page.locator('#recent tbody').innerText(), second.id);
    await page.getByLabel('Resource id or reason').fill('');
    await page.getByLabel('Outcome', { exact: true }).selectOption('rejected');
    t.equal(await page.locator('#recent tbody tr').count(), 1);
    t.strictSame(said, [], 'the console is silent');
  });

  t.test('shows which fields were blanked, once there are any', async (t) => {
    const { url, push } = await connect(t, upstreams);
    const { page, said } = await openPage(t, browser, url);
    const blanks = page.locator('#blanks');
    t.notOk(await blanks.isVisible());
    const customer = await upstreams.commercetools.createCustomer({
      email: 'blank@example.com',
      firstName: 'Amba',
      password: 'secret',
    });
    t.equal((await sendPush(push, changeOf(customer))).status, 204);
    const changed = await upstreams.commercetools.updateCustomer(customer.id, [{ action: 'setFirstName' }]);
    t.equal((await sendPush(push, changeOf(changed))).status, 204);
    await blanks.waitFor();
    t.match(await blanks.innerText(), /Blanked in Fluent, by field[\s\S]+firstName\s+1\s/);
    t.strictSame(said, [], 'the console is silent');
  });

  t.test('says how far behind it is while nothing gets done, and what Fluent refuses', async (t) => {
    const own = await startUpstreams(t);
    const { push, url } = await connect(t, own);
    const { page } = await openPage(t, browser, url);
    await own.fluent.changeSchema({ required: ['timezone'] });
    const unseen = await own.commercetools.createCustomer({
      email: 'a@example.com',
      password: 'secret',
    });
    const old = { ...changeOf(unseen), modifiedAt: new Date(Date.now() - 7_200_000).toISOString() };
    t.equal((await sendPush(push, old)).status, 503);
    const tile = page.locator('#tiles > div', { hasText: 'How far behind' });
    await tile.filter({ hasText: '2 h' }).filter({ hasText: 'the oldest of 1 event not done' }).waitFor();
    const verdict = page.locator('#verdict');
    await verdict
      .filter({ hasText: /Not ready: Fluent SANDBOX .*createCustomer requires timezone/ })
      .waitFor();
  });

  t.test('survives a restart of the service', async (t) => {
    const before = await connect(t, upstreams);
    const { page, said } = await openPage(t, browser, before.url);
    await sendPush(before.push, 'no JSON');
    await page.locator('#recent tbody tr').first().waitFor();
    await before.drain();
    await before.close();
    await page.locator('#connection[data-state="lost"]').waitFor();
    t.equal(await page.locator('#verdict').textContent(), 'Not known');
    const after = await startService({ ...upstreams.env, PORT: new URL(before.url).port });
    t.teardown(() => after.close());
    await page.locator('#connection[data-state="live"]').waitFor();
    t.equal((await sendPush(after.push, changeOf(first))).status, 204);
    await page.locator('#recent tbody tr', { hasText: first.id }).waitFor();
    t.equal(await page.locator('#recent tbody tr').count(), 1, 'and shows what the new one knows');
    // That nobody listened for a moment is said by the browser itself.
    t.strictSame(
      said.filter((text) => !/net::ERR_/.test(text)),
      [],
    );
  });

  t.test(
    'logs in by its form and out by its button, and shows the form where the session has ended',
    async (t) => {
      const token = '0123456789abcdef';
      const { url } = await connect(t, upstreams, { DASHBOARD: 'on', DASHBOARD_TOKEN: token });
      const context = await browser.newContext();
      context.setDefaultTimeout(PATIENCE_MILLISECONDS);
      t.teardown(() => context.close());
      const page = await context.newPage();
      const logIn = async (shown: string) => {
        await page.getByLabel('Token').fill(shown);
        await page.getByRole('button', { name: 'Open' }).click();
      };
      await page.goto(url);
      await logIn('another-token-0123');
      await page.getByText('Expected the token in DASHBOARD_TOKEN').waitFor();
      await logIn(token);
      await page.locator('#connection[data-state="live"]').waitFor();
      t.equal(page.url(), `${url}/`);

      const other = await context.newPage();
      await other.goto(url);
      await other.locator('#connection[data-state="live"]').waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByLabel('Token').waitFor();
      await other.getByLabel('Token').waitFor();
    },
  );

  t.test('is used by keyboard', async (t) => {
    const { url, push } = await connect(t, upstreams);
    await sendPush(push, changeOf(first));
    const { page } = await openPage(t, browser, url);
    await page.locator('#recent tbody button').first().waitFor();
    const focused = () =>
      page.evaluate<string>(
        'document.activeElement.id || document.activeElement.className || document.activeElement.name',
      );
    await page.keyboard.press('Tab');
    t.equal(await focused(), 'skip');
    await page.keyboard.press('Tab');
    t.equal(await focused(), 'span');
    await page.keyboard.press('ArrowRight');
    t.ok(await page.locator('#span input[value="900"]').isChecked());
    const way: string[] = [];
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press('Tab');
      way.push(await focused());
    }
    t.strictSame(way.slice(way.indexOf('search')).slice(0, 4), ['search', 'kind', 'pause', 'id']);
    await page.locator('#recent tbody button').first().focus();
    await page.keyboard.press('Enter');
    t.equal(await page.getByLabel('Resource id or reason').inputValue(), first.id);
    t.equal(await focused(), 'search');
  });

  const devices = [
    { device: 'a desktop', options: {}, dark: { width: 1280, height: 900 } },
    {
      device: 'a phone',
      options: { viewport: { width: 360, height: 740 }, hasTouch: true },
      dark: { width: 390, height: 844 },
    },
  ];
  for (const { device, options, dark } of devices)
    t.test(`can be read by everybody on ${device}, without scrolling sideways`, async (t) => {
      const own = await startUpstreams(t);
      const { url, push } = await connect(t, own);
      const [first, second] = own.commercetools.seed(2).map(changeOf);
      for (const payload of [first, 'no JSON', { ...second, resource: { typeId: 'order', id: 'o-1' } }])
        await sendPush(push, payload);
      own.commercetools.fault({ kind: 'status', times: 3 });
      await sendPush(push, second);
      // Only here: axe comes from the test, which the page's own policy forbids.
      const { page } = await openPage(t, browser, url, {
        ...options,
        colorScheme: 'light',
        bypassCSP: true,
        reducedMotion: 'reduce',
      });
      await page.locator('#recent tbody tr').nth(3).waitFor();
      await page.evaluate(await readFile(AXE, 'utf8'));
      async function isReadable(name: string): Promise<void> {
        const result = await page.evaluate<unknown>('axe.run().then(({ violations }) => violations)');
        const violations = Violations.parse(result);
        t.strictSame(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
          [],
          name,
        );
        const [inner, outer] = await page.evaluate<number[]>(
          '[document.documentElement.scrollWidth, innerWidth]',
        );
        t.ok((inner ?? 0) <= (outer ?? 0), `${inner} px in ${outer} px`);
      }
      await isReadable('in the light');
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize(dark);
      await isReadable('in the dark');
    });
}
