import { z } from 'zod';
import { SelectionOptions } from '../customers/options.ts';

/** The options of `sync`, as parsed by commander. */
export const Options = SelectionOptions.extend({
  state: z.string(),
  restart: z.boolean().default(false),
  report: z.string(),
  dryRun: z.boolean().default(false),
  verbose: z.boolean().default(false),
});

export type SyncOptions = z.output<typeof Options>;
