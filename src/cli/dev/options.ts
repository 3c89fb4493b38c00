import { z } from 'zod';
import { FAULT_NAMES } from './faults.ts';

/** The options of `dev` and `stand-ins`. */
export const Options = z.object({
  port: z.coerce
    .number({ error: 'a port, from 1 to 65535' })
    .int()
    .min(1)
    .max(65_535, { error: 'a port, from 1 to 65535' })
    .default(8080),
  traffic: z.boolean().default(false),
  fault: z.array(z.enum(FAULT_NAMES, { error: `one of ${FAULT_NAMES.join(', ')}` })).default([]),
  emulator: z.boolean().default(true),
});

export type Options = z.output<typeof Options>;
