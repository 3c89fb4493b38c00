import { distance, nearest } from '../router/nearest.ts';
import type { Fault } from './faults.ts';

/** The maximum edit distance, and the minimum length of a name: a short name such as PORT is similar to too many others. */
const MISSPELT = [
  { length: 8, letters: 2 },
  { length: 6, letters: 1 },
];
/** First words that other programs use as well, or that a connector file may name or not. */
const SHARED = new Set(['CTP', 'FLUENT', 'GOOGLE', 'HOST', 'LOG', 'NODE', 'OTEL', 'PORT', 'PUBSUB', 'SNS']);
/** What Kubernetes sets for each service of a namespace, as in QUEUE_SERVICE_HOST and QUEUE_PORT_80_TCP. */
const KUBERNETES = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP|SCTP)(_|$)|$)/;

/**
 * Variables of the environment that are none of ours and look like one: a letter or two are wrong, or the first word is ours
 * alone. Names only, never values.
 */
export function misspeltVariables(
  env: Readonly<Record<string, string | undefined>>,
  ours: readonly string[],
): Fault[] {
  const words = new Set(ours.map(firstWord).filter((word) => !SHARED.has(word)));
  return Object.keys(env).flatMap((name) => {
    if (!env[name] || ours.includes(name) || KUBERNETES.test(name)) return [];
    const word = firstWord(name);
    const isOurWord = words.has(word) && name !== word;
    if (!isOurWord && !ours.some((known) => isMisspelt(name, known))) return [];
    const meant = nearest(name, ours);
    const others = ours.filter((known) => firstWord(known) === word).join(', ');
    return [
      {
        where: `environment ${name}`,
        expected: 'a variable that this service or the connector file reads',
        found: 'one that nothing reads',
        advice:
          meant === undefined ? `The variables with this prefix are ${others}.` : `Did you mean ${meant}?`,
      },
    ];
  });
}

function isMisspelt(name: string, known: string): boolean {
  const { letters = 0 } = MISSPELT.find(({ length }) => known.length >= length) ?? {};
  return name === name.toUpperCase() && distance(name, known) <= letters;
}

function firstWord(name: string): string {
  return name.split('_', 1)[0] ?? name;
}
