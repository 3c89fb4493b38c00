import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Order } from '@commercetools/platform-sdk';
import type { CommercetoolsSandbox } from '../sandbox/commercetools.ts';

const root = join(import.meta.dirname, '../..');
const readme = await readFile(join(root, 'handlers/README.md'), 'utf8');

/** The name for the test of the mapping, which the README does not name. */
export const mappingTest = readme.match(/```ts\n([^`]*previewCustomer[\s\S]*?)```/)?.[1] ?? '';

/** Returns the code block after the words `Save it as` and the file's name. */
export function block(file: string): string {
  const code = readme.split(`Save it as \`${file}\``)[1]?.match(/```ts\n([\s\S]*?)```/)?.[1];
  if (code === undefined) throw new Error(`Expected a block for ${file} in handlers/README.md, found none.`);
  return code;
}

/** Saves a file of `handlers/README.md` in a temporary folder; returns the folder of the handlers. */
export async function readmeProject(folder: string, file: string): Promise<string> {
  await mkdir(join(folder, 'handlers/custom'), { recursive: true });
  await writeFile(join(folder, file), block(file));
  return join(folder, 'handlers');
}

/** Like `readmeProject` for `order-note`, with its route; returns the environment for both. */
export async function orderNoteProject(
  folder: string,
): Promise<{ HANDLERS_DIR: string; CONNECTOR_CONFIG: string }> {
  const HANDLERS_DIR = await readmeProject(folder, 'handlers/order-note.ts');
  const route = readme.match(/```yaml\n([\s\S]*?)```/)?.[1] ?? '';
  const shipped = await readFile(join(root, 'config/connector.yml'), 'utf8');
  const CONNECTOR_CONFIG = join(folder, 'config/connector.yml');
  await mkdir(join(folder, 'config'), { recursive: true });
  await writeFile(CONNECTOR_CONFIG, `${shipped}\n${route}`);
  return { HANDLERS_DIR, CONNECTOR_CONFIG };
}

/** Creates the notification about a new order. */
export function orderPlaced({ projectKey }: CommercetoolsSandbox, { id, version }: Order): object {
  return { notificationType: 'ResourceCreated', projectKey, resource: { typeId: 'order', id }, version };
}
