import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findChromium, startBrowser } from '../sandbox/browser.ts';
import { type CommercetoolsSandbox, type Payload, startCommercetools } from '../sandbox/commercetools.ts';
import { startTraffic } from '../sandbox/demo-traffic.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { environmentFor, startService } from '../sandbox/service.ts';

// Makes the pictures in screenshots/ from the demo's traffic: node test/dashboard/screenshots.ts [seconds of traffic]
const seconds = Number(process.argv[2] ?? 150);
const FOLDER = join(import.meta.dirname, 'screenshots');
const PICTURES = [
  { name: 'light', width: 1120, height: 960, colorScheme: 'light', scale: 1 },
  { name: 'dark', width: 1120, height: 960, colorScheme: 'dark', scale: 1 },
  { name: 'phone', width: 390, height: 1500, colorScheme: 'light', scale: 1 },
] as const;

const found = findChromium();
if ('skip' in found) throw new Error(found.skip);

let arrive = (_change: Payload): void => {};
const commercetools: CommercetoolsSandbox = await startCommercetools({
  projectKeys: ['demo'],
  onNotification: (change) => arrive(change),
});
const fluent = await startFluent();
commercetools.fault({ kind: 'latency', milliseconds: 8 });
fluent.faults.on({ kind: 'latency', milliseconds: 14 });
const service = await startService({ ...environmentFor(commercetools, fluent), LOG_LEVEL: 'error' });
const traffic = await startTraffic({ commercetools, push: service.push, everyMilliseconds: 250 });
arrive = (change) => traffic.deliver(change);
const browser = await startBrowser(found.path);
await wait(seconds * 1000);

for (const { name, width, height, colorScheme, scale } of PICTURES) {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme,
    deviceScaleFactor: scale,
    reducedMotion: 'reduce',
  });
  page.on('console', (message) => console.log(name, message.text()));
  page.on('pageerror', (error) => console.log(name, error.message));
  await page.goto(service.url);
  await page.locator('#recent tbody tr').first().waitFor();
  await wait(2_500);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  if (process.argv[3])
    await page.screenshot({ path: join(process.argv[3], `${name}-full.png`), fullPage: true });
  await page.close();
}

await browser.close();
traffic.stop();
await service.close();
await Promise.all([commercetools.close(), fluent.close()]);
