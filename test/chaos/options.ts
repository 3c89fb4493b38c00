import { parseArgs } from 'node:util';

import { type Configuration, drawConfiguration, FIXED, ON_DELETE, USERNAMES } from './configuration.ts';
import { seeded } from './random.ts';
import { SENDERS } from './sender-rules.ts';

const PUSHERS = ['own', 'emulator', 'any', ...SENDERS] as const;

/** The pusher: Google's emulator, the test's own, the emulator if it is installed (`any`), or another sender than Pub/Sub. */
export type PusherChoice = (typeof PUSHERS)[number];

export interface ChaosOptions {
  readonly instances: number;
  readonly customers: number;
  readonly changes: number;
  readonly seed: number;
  /** The maximum duration of the faults. */
  readonly minutes: number;
  readonly pusher: PusherChoice;
  readonly configuration: Configuration;
  readonly json: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run chaos -- [options]

  --instances 3       instances of the service, each a process
  --customers 300     customers that are created
  --changes 3000      random changes of customers
  --seed <number>     repeats the random choices of a run; another each time
  --minutes 0.75      the maximum duration of the faults
  --pusher any        own, emulator, or any: the emulator if it is installed;
                      eventbridge, sns, event-grid: by the rules of that sender
  --config drawn      drawn from the seed, or fixed: as shipped
  --username, --on-delete, --projects, --accounts, --batch
                      values that are not drawn, such as --username key
  --json              print the report as one line of JSON
`;

/** Reads the command line. Throws with what was expected and what was found. */
export function readOptions(args: readonly string[], seed: number): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      instances: { type: 'string', default: '3' },
      customers: { type: 'string', default: '300' },
      changes: { type: 'string', default: '3000' },
      seed: { type: 'string', default: String(seed) },
      minutes: { type: 'string', default: '0.75' },
      pusher: { type: 'string', default: 'any' },
      config: { type: 'string', default: 'drawn' },
      username: { type: 'string' },
      'on-delete': { type: 'string' },
      projects: { type: 'string' },
      accounts: { type: 'string' },
      batch: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { pusher, config } = values;
  if (config !== 'drawn' && config !== 'fixed')
    throw new Error(`Expected --config to be drawn or fixed, got ${config}.`);
  const given = {
    ...chosen('username', values.username, USERNAMES),
    ...chosen('onDelete', values['on-delete'], ON_DELETE),
    ...chosen('projects', number(values.projects), [1, 2] as const),
    ...chosen('accounts', number(values.accounts), [1, 2] as const),
    ...chosen('batch', number(values.batch), [1, 10] as const),
  };
  const drawnBy = whole('seed', values.seed, 0);
  const chosenPusher = PUSHERS.find((one) => one === pusher);
  if (chosenPusher === undefined)
    throw new Error(`Expected --pusher to be one of ${PUSHERS.join(', ')}, got ${pusher}.`);
  return {
    instances: whole('instances', values.instances, 1),
    customers: whole('customers', values.customers, 1),
    changes: whole('changes', values.changes, 0),
    seed: whole('seed', values.seed, 0),
    minutes: positive('minutes', values.minutes),
    pusher: chosenPusher,
    configuration: config === 'fixed' ? FIXED : drawConfiguration(seeded(drawnBy, 'configuration'), given),
    json: values.json,
    help: values.help,
  };
}

/** Returns the value under its name if it is given; throws for a value that is not allowed. */
function chosen<Name extends keyof Configuration, Value>(
  name: Name,
  given: unknown,
  allowed: readonly Value[],
): { [Key in Name]?: Value } {
  const result: { [Key in Name]?: Value } = {};
  if (given === undefined) return result;
  const found = allowed.find((value) => value === given);
  if (found === undefined)
    throw new Error(`Expected ${name} to be one of ${allowed.join(', ')}, got ${String(given)}.`);
  result[name] = found;
  return result;
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** A whole number of at least `least`; throws with the option's name. */
export function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`Expected --${name} to be a whole number of at least ${least}, got ${text}.`);
}

/** A number above zero; throws with the option's name. */
export function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new Error(`Expected --${name} to be a number above 0, got ${text}.`);
}
