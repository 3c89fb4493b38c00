import { UpstreamFault } from '../upstream/fault.ts';
import type { SchemaProblem } from './input-schema.ts';

/**
 * Fluent's schema and what is sent to it do not fit. The event is kept for redelivery: it works once the mapping, or the
 * account, has been changed.
 */
export class SchemaMismatch extends UpstreamFault {
  readonly upstream: string;
  readonly problems: readonly SchemaProblem[];

  constructor(
    upstream: string,
    problems: readonly SchemaProblem[],
    adviceFor: (problem: SchemaProblem) => string = (problem) => advise(problem),
  ) {
    const said = problems.map((problem) => `${describeProblem(problem)}. ${adviceFor(problem)}`);
    super('final', 'schema-mismatch', `${upstream}: ${said.join(' ')}`, RETRY_AFTER_SECONDS);
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

/** What does not fit, in a few words, for a person. */
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

/** What to do about it; `line` is the `file:line:column` of the mapping to change, where it is known. */
export function advise(problem: SchemaProblem, line?: string): string {
  const at = line === undefined ? 'in the mapping' : `at ${line}`;
  switch (problem.kind) {
    case 'requires':
      return `Map ${problem.field} to a value that every customer has, with a fallback such as \`?: "-"\`, ${at}.`;
    case 'lacks':
      return `Take ${problem.field} out of the mapping, ${at}.`;
    case 'absent':
      return 'Ask Fluent to bring the API of the account up to date: until then customers can be created, but not updated.';
  }
}
