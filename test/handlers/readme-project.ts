import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { accessToken } from '../sandbox/access-token.ts';
import type { CommercetoolsSandbox } from '../sandbox/commercetools.ts';

const root = join(import.meta.dirname, '../..');
const readme = await readFile(join(root, 'handlers/README.md'), 'utf8');

/** The code block that follows the words `Save it as` and the file's name. */
function block(file: string): string {
  const code = readme.split(`Save it as \`${file}\``)[1]?.match(/```ts\n([\s\S]*?)```/)?.[1];
  if (code === undefined) throw new Error(`Expected a block for ${file} in handlers/README.md, found none.`);
  return code;
}

/** Saves a file of `handlers/README.md` in a folder of its own; returns the folder of the handlers. */
export async function readmeProject(folder: string, file: string): Promise<string> {
  await mkdir(join(folder, 'handlers/custom'), { recursive: true });
  await writeFile(join(folder, file), block(file));
  return join(folder, 'handlers');
}

/** As `readmeProject` for `order-note`, with the route that the README gives it; returns the environment that names both. */
export async function orderNoteProject(
  folder: string,
): Promise<{ HANDLERS_DIR: string; CONNECTOR_CONFIG: string }> {
  const HANDLERS_DIR = await readmeProject(folder, 'handlers/order-note.ts');
  const route = readme.match(/```yaml\n([\s\S]*?)```/)?.[1] ?? '';
  const shipped = await readFile(join(root, 'config/connector.yml'), 'utf8');
  const CONNECTOR_CONFIG = join(folder, 'connector.yml');
  await writeFile(CONNECTOR_CONFIG, `${shipped}\n${route}`);
  return { HANDLERS_DIR, CONNECTOR_CONFIG };
}

const Order = z.object({ id: z.string(), version: z.number(), createdAt: z.string() });

/** An order of the stand-in for commercetools, as far as `order-note` reads it. */
export type Order = z.output<typeof Order>;

async function ask(commercetools: CommercetoolsSandbox, method: string, path: string, body?: object) {
  const answer = await fetch(`${commercetools.url}/${commercetools.projectKey}/orders/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await accessToken(commercetools)}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return Order.parse(await answer.json());
}

/** Places an order of the customer, or of a guest. */
export function importOrder(commercetools: CommercetoolsSandbox, customerId?: string): Promise<Order> {
  const totalPrice = { currencyCode: 'EUR', centAmount: 100 };
  return ask(commercetools, 'POST', 'import', { customerId, totalPrice });
}

/** Deletes the order. */
export async function deleteOrder(
  commercetools: CommercetoolsSandbox,
  { id, version }: Order,
): Promise<void> {
  await ask(commercetools, 'DELETE', `${id}?version=${version}`);
}

/** What commercetools publishes of a new order. */
export function orderPlaced({ projectKey }: CommercetoolsSandbox, { id, version }: Order): object {
  return { notificationType: 'ResourceCreated', projectKey, resource: { typeId: 'order', id }, version };
}
