import type { Random } from './random.ts';

/** What a username in Fluent can be made from, as `mapping.username` has it. */
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

/** How the service is configured, and what its upstreams are like for the whole of a run. */
export interface Configuration {
  readonly username: Username;
  readonly onDelete: OnDelete;
  /** Each commercetools project feeds one of the Fluent accounts; there are never more accounts than projects. */
  readonly projects: 1 | 2;
  readonly accounts: 1 | 2;
  /** FLUENT_BATCH. */
  readonly batch: 1 | 10;
  /** How far a query of commercetools can be behind, in milliseconds, deletions included. Reads by id never are. */
  readonly queryLag: number;
  /** The same for GraphQL's `customer(id:)`. */
  readonly graphqlLag: number;
  /** How far a look-up in Fluent can be behind: by `customers(…)`, and by `customer(ref:)`. */
  readonly lookUpLag: number;
  readonly refLag: number;
  /** How many of the customers were last changed a year ago, in per cent. */
  readonly old: number;
  /** Usernames collide, deleted customers are created anew, and the route is told of deletions. */
  readonly collisions: boolean;
}

/** The configuration as it is shipped, between upstreams that lag only now and then. */
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

const MOST_MILLISECONDS = { query: 3_000, lookUp: 2_000, ref: 500 } as const;

/** A configuration by chance, but for what `given` says. Throws where that cannot be: the service would refuse it too. */
export function drawConfiguration(random: Random, given: Partial<Configuration>): Configuration {
  if (given.username === 'email' && given.onDelete === 'anonymise')
    throw new Error(
      'Expected --on-delete ignore with --username email: a deletion does not tell the e-mail address.',
    );
  if (given.accounts === 2 && given.projects === 1)
    throw new Error('Expected no more --accounts than --projects, got 2 and 1.');
  const usernames = given.onDelete === 'anonymise' ? USERNAMES.filter((one) => one !== 'email') : USERNAMES;
  // Everything is drawn, whatever is given, so that one thing given leaves the others as they were.
  const drawn: Configuration = {
    username: random.pick(usernames),
    onDelete: random.pick(ON_DELETE),
    projects: random.pick([1, 2, 2]),
    accounts: random.pick([1, 1, 2]),
    batch: random.pick([1, 10]),
    queryLag: lag(random, MOST_MILLISECONDS.query),
    graphqlLag: 0,
    lookUpLag: lag(random, MOST_MILLISECONDS.lookUp),
    refLag: lag(random, MOST_MILLISECONDS.ref),
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

/** The configuration in words, for the report. */
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

/** How far each of some replicas is behind, `most` at most; none where nothing lags. */
export function replicaLags(random: Random, most: number): number[] {
  return most === 0 ? [] : [0, random.between(0, most), random.between(0, most), most];
}
