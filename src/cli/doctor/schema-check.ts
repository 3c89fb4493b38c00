import type { OpenAccount } from '../../engine/accounts.ts';
import { type InputSchema, problemsOf, type SchemaProblem } from '../../fluent/input-schema.ts';
import { advise, describeProblem } from '../../fluent/schema-mismatch.ts';
import type { SentFields } from '../../handler.ts';
import { Failure } from '../../outcome.ts';
import type { BoundRoute } from '../../router/bind-routes.ts';
import type { Check, CheckResult } from './check.ts';

/** Compares what the routes send with the inputs of the account's schema. */
export function schemaCheck({ fluent, upstreams }: OpenAccount, routes: readonly BoundRoute[]): Check {
  const [, writing] = upstreams;
  return {
    name: `${writing?.name ?? 'Fluent'}: fields of customers`,
    async run() {
      const hasToken = await writing?.probe().then(
        () => true,
        () => false,
      );
      if (!hasToken) return { state: 'skipped', detail: 'there is no token' };
      const schema = await fluent.schema.read().catch((error: unknown) => {
        if (error instanceof Failure) return error;
        throw error;
      });
      if (schema instanceof Failure)
        return { state: 'skipped', detail: `the schema cannot be read (${schema.reason})` };
      if (!schema)
        return {
          state: 'skipped',
          detail: 'Fluent does not show its schema to this account',
          advice:
            'A field that does not match the schema is found only by the first write, which fails with schema-mismatch.',
        };
      const found: CheckResult[] = [];
      for (const route of routes) found.push(...(await compare(route, schema)));
      return found.length > 0 ? found : { state: 'ok', detail: 'match the mapping' };
    },
  };
}

async function compare({ sentFields, lineOf }: BoundRoute, schema: InputSchema): Promise<CheckResult[]> {
  const sent = (await sentFields?.()) ?? [];
  return sent.flatMap((fields) => {
    const always = new Set(fields.always);
    const all = new Set([...fields.always, ...fields.sometimes]);
    const problems = [
      ...problemsOf(fields.mutation, always, schema).filter(({ kind }) => kind !== 'lacks'),
      ...problemsOf(fields.mutation, all, schema).filter(({ kind }) => kind === 'lacks'),
    ];
    return problems.map((problem) => ({
      state: 'fault' as const,
      detail: describe(problem, fields),
      advice: advise(problem, lineOf?.('field' in problem ? problem.field : '')),
    }));
  });
}

function describe(problem: SchemaProblem, { sometimes }: SentFields): string {
  if (problem.kind !== 'requires') return describeProblem(problem);
  const { mutation, field } = problem;
  return sometimes.includes(field)
    ? `${mutation} requires ${field}, and the mapping has no value for a customer that has none in commercetools`
    : `${mutation} requires ${field}, and the mapping does not contain it`;
}
