import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadHandlers } from '../router/load-handlers.ts';
import { connectorJsonSchema } from './connector-json-schema.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const handlers = await loadHandlers(join(ROOT, 'handlers'));
const text = `${JSON.stringify(connectorJsonSchema(handlers), undefined, 2)}\n`;
await writeFile(join(ROOT, 'config', 'connector.schema.json'), text);
