import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file of the page, ready to be sent. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly compressed: Buffer;
  readonly etag: string;
}

const PAGE = join(import.meta.dirname, 'page');
const UPLOT = join(createRequire(import.meta.url).resolve('uplot'), '..');
const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

const FILES: ReadonlyMap<string, { readonly path: string; readonly type: keyof typeof TYPES }> = new Map([
  ['index.html', { path: join(PAGE, 'index.html'), type: 'html' }],
  ['icon.svg', { path: join(PAGE, 'icon.svg'), type: 'svg' }],
  ['page.css', { path: join(PAGE, 'page.css'), type: 'css' }],
  ...['page', 'flow', 'live', 'plots', 'tables', 'text'].map(
    (name) => [`${name}.js`, { path: join(PAGE, `${name}.js`), type: 'js' }] as const,
  ),
  ['uplot.js', { path: join(UPLOT, 'uPlot.esm.js'), type: 'js' }],
  ['uplot.css', { path: join(UPLOT, 'uPlot.min.css'), type: 'css' }],
]);

const compress = promisify(gzip);

/** Returns the page's files by name, or undefined if there is none; each is read on its first request. */
export function createAssets(): (name: string) => Promise<Asset> | undefined {
  const read = new Map<string, Promise<Asset>>();
  return (name) => {
    const file = FILES.get(name);
    if (!file) return undefined;
    const known = read.get(name);
    if (known) return known;
    const asset = open(file.path, TYPES[file.type]);
    read.set(name, asset);
    asset.catch(() => read.delete(name));
    return asset;
  };
}

async function open(path: string, type: string): Promise<Asset> {
  const body = await readFile(path);
  return { type, body, compressed: await compress(body), etag: `"${hash('sha256', body).slice(0, 16)}"` };
}
