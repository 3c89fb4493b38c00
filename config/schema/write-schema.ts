import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadHandlers } from '../../src/router/load-handlers.ts';
import { connectorJsonSchema } from './connector-json-schema.ts';

const handlers = await loadHandlers(join(import.meta.dirname, '..', '..', 'handlers'));
const text = `${JSON.stringify(connectorJsonSchema(handlers), undefined, 2)}\n`;
await writeFile(join(import.meta.dirname, '..', 'connector.schema.json'), text);
