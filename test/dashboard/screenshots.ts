import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findChromium, startBrowser } from '../sandbox/browser.ts';
import { type CommercetoolsSandbox, type Payload, startCommercetools } from '../sandbox/commercetools.ts';
import { startTraffic } from '../sandbox/demo-traffic.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { environmentFor, startService } from '../sandbox/service.ts';

/** The README's pictures: widths and heights in pixels. */
export const PICTURES = [
  { name: 'light', width: 1120, height: 960, colorScheme: 'light' },
  { name: 'dark', width: 1120, height: 960, colorScheme: 'dark' },
  { name: 'phone', width: 390, height: 1500, colorScheme: 'light' },
] as const;

/** Where the README's pictures are. */
export const FOLDER = join(import.meta.dirname, 'screenshots');

const SECONDS = 150;
const SETTLE_MILLISECONDS = 2_500;

/**
 * Takes the pictures into `folder` after so many seconds of the demo's traffic, with the browser at `path`; returns what the
 * page said to the console meanwhile.
 */
export async function takeScreenshots(path: string, folder: string, seconds: number): Promise<string[]> {
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
  const browser = await startBrowser(path);
  const said: string[] = [];
  try {
    await wait(seconds * 1000);
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.goto(service.url);
    await page.locator('#recent tbody tr').first().waitFor();
    for (const { name, width, height, colorScheme } of PICTURES) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await wait(Math.min(SETTLE_MILLISECONDS, seconds * 500));
      await page.screenshot({ path: join(folder, `${name}.png`) });
    }
  } finally {
    await browser.close();
    await traffic.stop();
    // A push in flight would keep its connection, and that the service, for as long as HTTP allows.
    await service.drain();
    await service.close();
    await Promise.all([commercetools.close(), fluent.close()]);
  }
  return said;
}

// node test/dashboard/screenshots.ts [seconds of traffic]
if (import.meta.main) {
  const found = findChromium();
  if ('skip' in found) throw new Error(found.skip);
  const said = await takeScreenshots(found.path, FOLDER, Number(process.argv[2] ?? SECONDS));
  if (said.length > 0) throw new Error(`Expected nothing on the console, got: ${said.join('; ')}`);
}
