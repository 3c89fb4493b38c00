import { z } from 'zod';
import { SelectionOptions } from '../customers/options.ts';

/** What `sync` is given, as commander has parsed it. */
export const Options = SelectionOptions.extend({
  state: z.string(),
  restart: z.boolean().default(false),
  report: z.string(),
  dryRun: z.boolean().default(false),
  verbose: z.boolean().default(false),
});

export type SyncOptions = z.output<typeof Options>;
