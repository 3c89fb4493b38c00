import { UpstreamFault } from '../upstream/fault.ts';
import type { SchemaProblem } from './input-schema.ts';

/**
 * The input of a mutation does not match Fluent's schema. The event is delivered again, and works after a change of the
 * mapping or the account.
 */
export class SchemaMismatch extends UpstreamFault {
  readonly upstream: string;
  readonly problems: readonly SchemaProblem[];

  constructor(
    upstream: string,
    problems: readonly SchemaProblem[],
    adviceFor: (problem: SchemaProblem) => string = (problem) => advise(problem),
  ) {
    const details = problems.map((problem) => `${describeProblem(problem)}. ${adviceFor(problem)}`);
    super('final', 'schema-mismatch', `${upstream}: ${details.join(' ')}`, RETRY_AFTER_SECONDS);
    this.name = 'SchemaMismatch';
    this.upstream = upstream;
    this.problems = problems;
  }

  /** The same with other advice. */
  advised(adviceFor: (problem: SchemaProblem) => string): SchemaMismatch {
    return new SchemaMismatch(this.upstream, this.problems, adviceFor).about(this.correlationId);
  }
}

const RETRY_AFTER_SECONDS = 60;

/** Describes a mismatch in a few words. */
export function describeProblem(problem: SchemaProblem): string {
  switch (problem.kind) {
    case 'requires':
      return `${problem.mutation} requires ${problem.field}, which was not given`;
    case 'lacks':
      return `the input of ${problem.mutation} has no field ${problem.field}`;
    case 'absent':
      return `there is no mutation ${problem.mutation}`;
  }
}

/** Advice for a mismatch; `line` is the `file:line:column` of the mapping to change, if known. */
export function advise(problem: SchemaProblem, line?: string): string {
  const at = line === undefined ? 'in the mapping' : `at ${line}`;
  switch (problem.kind) {
    case 'requires':
      return `Map ${problem.field} to a value that every customer has, with a fallback such as \`?: "-"\`, ${at}.`;
    case 'lacks':
      return `Remove ${problem.field} from the mapping, ${at}.`;
    case 'absent':
      return 'Ask Fluent to update the API of the account: until then customers can be created, but not updated.';
  }
}
