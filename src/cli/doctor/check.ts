import { styleText } from 'node:util';
import { nameOf, placeOf } from '../../observe/describe-error.ts';
import { Failure } from '../../outcome.ts';
import { timeOut } from '../../time-out.ts';

/** One line of `doctor`. Nothing in it is personal or secret. */
export interface NamedResult {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'fault' | 'skipped';
  /** The result of a check. */
  readonly detail?: string;
  /** What to do. */
  readonly advice?: string;
}

/** The result of a check without its name. */
export type CheckResult = Omit<NamedResult, 'check'>;

/** A check that throws is a fault. */
export interface Check {
  readonly name: string;
  run(): Promise<CheckResult | readonly CheckResult[]>;
}

const LONGEST_MILLISECONDS = 12_000;

/** Runs a check with its time-out. */
export async function runCheck({ name, run }: Check): Promise<NamedResult[]> {
  try {
    const result = await timeOut(run(), LONGEST_MILLISECONDS, () => {
      throw new Failure('timeout', `No answer within ${LONGEST_MILLISECONDS / 1000} s.`);
    });
    return [result].flat().map((one) => ({ check: name, ...one }));
  } catch (error) {
    if (error instanceof Failure) return [{ check: name, ...faultOf(error) }];
    const place = placeOf(error);
    const detail = `An unknown error (${nameOf(error)}${place === undefined ? '' : ` at ${place}`}).`;
    return [{ check: name, state: 'fault', detail }];
  }
}

/** The finding for a failed request, whose error text includes advice. */
export function faultOf({ message, reason }: Failure): CheckResult {
  const [detail = message, ...advice] = message.split('; ');
  const result = { state: 'fault', detail: `${detail} (${reason})` } as const;
  return advice.length === 0 ? result : { ...result, advice: advice.join('; ') };
}

const MARKS = {
  ok: { mark: '✔', colour: 'green' },
  warning: { mark: '!', colour: 'yellow' },
  fault: { mark: '✖', colour: 'red' },
  skipped: { mark: '–', colour: 'gray' },
} as const;

/** Formats a finding: a mark, the check and its result, and the advice on a separate line. */
export function textOf({ check, state, detail, advice }: NamedResult, coloured: boolean): string {
  const { mark, colour } = MARKS[state];
  const shown = coloured ? styleText(colour, mark, { validateStream: false }) : mark;
  const skipped = state === 'skipped' ? 'skipped: ' : '';
  const after = detail === undefined ? '' : `: ${skipped}${detail}`;
  const todo = advice === undefined ? '' : `\n  → ${advice}`;
  return `${shown} ${check}${after}${todo}`;
}
