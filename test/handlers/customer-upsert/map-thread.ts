import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { createMap } from '../../../handlers/customer-upsert/map.ts';
import { DEFAULT_MAPPING, Mapping } from '../../../handlers/customer-upsert/props.ts';
import { CUSTOMER } from './map-in-thread.ts';

const Message = z.object({ changes: z.record(z.string(), z.unknown()) });

parentPort?.on('message', async (message: unknown) => {
  const { changes } = Message.parse(message);
  const map = createMap(Mapping.parse({ ...DEFAULT_MAPPING, ...changes }));
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  const { attributes, fields, username, unusable, overLimit } = await map.map(CUSTOMER, 'project');
  clearInterval(timer);
  parentPort?.postMessage({
    ...{ username, unusable, overLimit, turns },
    fields: Object.fromEntries(fields),
    attributes: Object.fromEntries(attributes),
  });
});
