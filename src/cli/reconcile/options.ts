import { z } from 'zod';
import { SelectionOptions } from '../customers/options.ts';

/** The options of `reconcile`, as parsed by commander. */
export const Options = SelectionOptions.extend({ fix: z.boolean().default(false) });

export type ReconcileOptions = z.output<typeof Options>;
