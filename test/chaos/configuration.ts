import type { Random } from './random.ts';

/** The expressions for `mapping.username`. */
export const USERNAMES = [
  'id',
  'key',
  'customerNumber',
  'externalId',
  '"ct-" & customerNumber',
  'email',
] as const;
export type Username = (typeof USERNAMES)[number];

export const ON_DELETE = ['ignore', 'anonymise'] as const;
export type OnDelete = (typeof ON_DELETE)[number];

/** The configuration of the service and its upstreams in a run. */
export interface Configuration {
  readonly username: Username;
  readonly onDelete: OnDelete;
  /** Each commercetools project feeds one of the Fluent accounts; there are at least as many projects as accounts. */
  readonly projects: 1 | 2;
  readonly accounts: 1 | 2;
  /** FLUENT_BATCH. */
  readonly batch: 1 | 10;
  /** The largest lag of a query of commercetools in milliseconds, including deletions. Reads by id have no lag. */
  readonly queryLag: number;
  /** The same for GraphQL's `customer(id:)`. */
  readonly graphqlLag: number;
  /** The largest lag of a look-up in Fluent: by `customers(…)`, and by `customer(ref:)`. */
  readonly lookUpLag: number;
  readonly refLag: number;
  /** The percentage of customers that were last changed a year ago. */
  readonly old: number;
  /** True if usernames collide, deleted customers are created again, and the route includes deletions. */
  readonly collisions: boolean;
}

/** The shipped configuration; its upstreams lag only sometimes. */
export const FIXED: Configuration = {
  username: 'id',
  onDelete: 'ignore',
  projects: 1,
  accounts: 1,
  batch: 10,
  queryLag: 0,
  graphqlLag: 0,
  lookUpLag: 0,
  refLag: 0,
  old: 0,
  collisions: false,
};

const MAX_MILLISECONDS = { query: 3_000, lookUp: 2_000, ref: 500 } as const;

/** Draws a random configuration, except for the values in `given`. Throws for a combination that the service would refuse. */
export function drawConfiguration(random: Random, given: Partial<Configuration>): Configuration {
  if (given.username === 'email' && given.onDelete === 'anonymise')
    throw new Error(
      'Expected --on-delete ignore with --username email: the event of a deletion does not contain the e-mail address.',
    );
  if (given.accounts === 2 && given.projects === 1)
    throw new Error('Expected no more --accounts than --projects, got 2 and 1.');
  const usernames = given.onDelete === 'anonymise' ? USERNAMES.filter((one) => one !== 'email') : USERNAMES;
  // All values are drawn even if some are given, so that a given value does not change the others.
  const drawn: Configuration = {
    username: random.pick(usernames),
    onDelete: random.pick(ON_DELETE),
    projects: random.pick([1, 2, 2]),
    accounts: random.pick([1, 1, 2]),
    batch: random.pick([1, 10]),
    queryLag: lag(random, MAX_MILLISECONDS.query),
    graphqlLag: 0,
    lookUpLag: lag(random, MAX_MILLISECONDS.lookUp),
    refLag: lag(random, MAX_MILLISECONDS.ref),
    old: random.pick([0, 50, 100]),
    collisions: true,
  };
  const username = given.username ?? drawn.username;
  const projects = given.projects ?? (given.accounts === 2 ? 2 : drawn.projects);
  return {
    ...drawn,
    ...given,
    username,
    onDelete: given.onDelete ?? (username === 'email' ? 'ignore' : drawn.onDelete),
    projects,
    accounts: given.accounts ?? (projects === 1 ? 1 : drawn.accounts),
  };
}

function lag(random: Random, most: number): number {
  const milliseconds = random.between(most / 10, most);
  return random.chance(1 / 3) ? 0 : milliseconds;
}

/** The configuration as text for the report. */
export function describe(configuration: Configuration): string {
  const { username, onDelete, projects, accounts, batch, old, collisions } = configuration;
  const { queryLag, graphqlLag, lookUpLag, refLag } = configuration;
  const lags = { queries: queryLag, 'GraphQL by id': graphqlLag, 'look-ups': lookUpLag, 'by ref': refLag };
  return [
    `username ${username}`,
    `onDelete ${onDelete}${collisions ? '' : ' (not in the filter)'}`,
    `${projects} project(s) into ${accounts} Fluent account(s)`,
    `FLUENT_BATCH ${batch}`,
    `behind by up to: ${Object.entries(lags)
      .map(([name, milliseconds]) => `${name} ${milliseconds} ms`)
      .join(', ')}`,
    `${old} % of the customers a year old`,
    collisions ? 'usernames collide' : 'no username collides',
  ].join('; ');
}

/** Draws the lags of some replicas, `most` at most; none if nothing lags. */
export function replicaLags(random: Random, most: number): number[] {
  return most === 0 ? [] : [0, random.between(0, most), random.between(0, most), most];
}
