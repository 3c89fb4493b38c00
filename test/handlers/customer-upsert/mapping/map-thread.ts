import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { createMap } from '../../../../handlers/customer-upsert/mapping/map.ts';
import { DEFAULT_MAPPING, Mapping } from '../../../../handlers/customer-upsert/mapping/mapping.ts';
import { CUSTOMER } from './map-in-thread.ts';

const Message = z.object({ changes: z.record(z.string(), z.unknown()), times: z.number() });

parentPort?.on('message', async (message: unknown) => {
  const { changes, times } = Message.parse(message);
  const map = createMap(Mapping.parse({ ...DEFAULT_MAPPING, ...changes }));
  let turns = 0;
  let turn = setImmediate(count);
  function count(): void {
    turns += 1;
    turn = setImmediate(count);
  }
  const maps = Array.from({ length: times }, () => map.map(CUSTOMER, 'project'));
  const settled = await Promise.allSettled(maps);
  clearImmediate(turn);
  const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason.reason] : []));
  const [first] = settled;
  if (first?.status !== 'fulfilled') throw new Error('Expected the first to be mapped.');
  const { attributes, fields, username, unusable, overLimit } = first.value;
  parentPort?.postMessage({
    ...{ username, unusable, overLimit, turns, reasons },
    fields: Object.fromEntries(fields),
    attributes: Object.fromEntries(attributes),
  });
});
