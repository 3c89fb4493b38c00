import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** For a slow machine; a page that works needs a second. */
export const PATIENCE_MILLISECONDS = 120_000;
// The shell first: without the windows of Chromium it needs half the processor time for the same pages.
const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
] as const;

/** Where Debian's Chromium is, or why there is no test in a browser. With `CI=true` none is a failure. */
export function findChromium(): { readonly path: string } | { readonly skip: string } {
  const path = PLACES.find((place) => place && existsSync(place));
  if (path) return { path };
  const skip = 'No Chromium: apt-get install chromium-headless-shell, or set CHROMIUM_PATH.';
  if (process.env['CI'] === 'true') throw new Error(skip);
  return { skip };
}

/** Starts Chromium without a window, with a temporary profile and no background requests. */
export async function startBrowser(path: string): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    timeout: PATIENCE_MILLISECONDS,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** The page of a service, opened and live, closed at the end of the test; `said` collects what the console was told. */
export async function openPage(
  t: { teardown(stop: () => unknown): unknown },
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly said: readonly string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  t.teardown(() => context.close());
  context.setDefaultTimeout(PATIENCE_MILLISECONDS);
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  await page.goto(url);
  await page.locator('#connection[data-state="live"]').waitFor();
  return { page, said };
}
