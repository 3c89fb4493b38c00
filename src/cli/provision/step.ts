/** What a step would do; `apply` does it. `detail` names fields and resources and contains no secret. */
export type Plan =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'skipped'; readonly detail: string }
  | { readonly kind: 'create' | 'change'; readonly detail: string; apply(): Promise<unknown> };

/** One resource or permission of the set-up. `plan` only reads; it throws a `Failure` if it cannot. */
export interface Step {
  readonly name: string;
  plan(): Promise<Plan>;
}

/** The result of a step. */
export interface Result {
  readonly step: string;
  readonly result: 'created' | 'changed' | 'would create' | 'would change' | 'unchanged' | 'skipped';
  readonly detail?: string;
}

/** Plans a step, and applies the plan unless it is a dry run. */
export async function apply({ name, plan }: Step, dryRun: boolean): Promise<Result> {
  const found = await plan();
  if (found.kind === 'unchanged') return { step: name, result: 'unchanged' };
  const { kind, detail } = found;
  if (kind === 'skipped') return { step: name, result: kind, detail };
  if (dryRun) return { step: name, result: kind === 'create' ? 'would create' : 'would change', detail };
  await found.apply();
  return { step: name, result: kind === 'create' ? 'created' : 'changed', detail };
}
