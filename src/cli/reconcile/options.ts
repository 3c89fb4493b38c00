import { z } from 'zod';
import { SelectionOptions } from '../customers/options.ts';

/** What `reconcile` is given, as commander has parsed it. */
export const Options = SelectionOptions.extend({ fix: z.boolean().default(false) });

export type ReconcileOptions = z.output<typeof Options>;
