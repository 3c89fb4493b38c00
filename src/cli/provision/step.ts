/** What a step finds to do; `apply` does it. Details name fields and resources, never a secret. */
export type Plan =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'skipped'; readonly detail: string }
  | { readonly kind: 'create' | 'change'; readonly detail: string; apply(): Promise<unknown> };

/** One thing of the set-up. `plan` only looks, and throws a `Failure` when it cannot. */
export interface Step {
  readonly name: string;
  plan(): Promise<Plan>;
}

/** How a step ended. */
export interface Result {
  readonly step: string;
  readonly result: 'created' | 'changed' | 'would create' | 'would change' | 'unchanged' | 'skipped';
  readonly detail?: string;
}

/** Looks, and unless it is a dry run does what there is to do. */
export async function apply({ name, plan }: Step, dryRun: boolean): Promise<Result> {
  const found = await plan();
  if (found.kind === 'unchanged') return { step: name, result: 'unchanged' };
  const { kind, detail } = found;
  if (kind === 'skipped') return { step: name, result: kind, detail };
  if (dryRun) return { step: name, result: kind === 'create' ? 'would create' : 'would change', detail };
  await found.apply();
  return { step: name, result: kind === 'create' ? 'created' : 'changed', detail };
}
