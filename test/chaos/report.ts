/** The results of a chaos run. */
export interface Report {
  readonly pusher: string;
  /** The drawn configuration as text. */
  readonly configuration: string;
  readonly seed: number;
  readonly instances: number;
  readonly customers: number;
  readonly changes: number;
  readonly deleted: number;
  /** Messages published. */
  readonly events: number;
  readonly deliveries: number;
  readonly redeliveries: number;
  readonly duplicates: number;
  readonly lostAcks: number;
  /** Pushes to an instance that was gone. */
  readonly unreachable: number;
  /** Redeliveries that came too early, as the emulator's do, and were delayed by the proxy. */
  readonly heldBack: number;
  /** Messages that the emulator lost and the test pushed instead, as Pub/Sub would have. */
  readonly pushedInstead: number;
  /** Messages that were in the sender's dead-letter queue after too many attempts, and were sent again at the end. */
  readonly redriven: number;
  /** The number of responses by status. */
  readonly answers: Readonly<Record<string, number>>;
  readonly shortestRedeliverySeconds: number;
  readonly shortestFromDeliverySeconds: number;
  readonly kills: number;
  readonly drains: number;
  readonly faults: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly deadLetters: number;
  readonly lost: number;
  readonly stale: number;
  readonly wrong: number;
  readonly overwritten: number;
  readonly left: number;
  readonly verdictFaults: readonly string[];
  readonly logCharacters: number;
  readonly logLeaks: readonly string[];
  readonly misbehaved: readonly string[];
  readonly stderr: readonly string[];
  /** Seconds from the end of all faults; undefined if the sides did not become equal. */
  readonly secondsUntilEqual: number | undefined;
  readonly callsPerEvent: number;
  /** The complete output of the instances. */
  readonly output: string;
}

const SHOWN = 20;

/** True if all counts of errors are zero. */
export function passed(report: Report): boolean {
  const { lost, stale, wrong, overwritten, left, logLeaks, misbehaved, stderr, secondsUntilEqual } = report;
  const errors =
    lost + stale + wrong + overwritten + left + logLeaks.length + misbehaved.length + stderr.length;
  return errors === 0 && secondsUntilEqual !== undefined;
}

/** Formats the report as a table, followed by the errors. */
export function table(report: Report): string {
  const rows: [string, string | number][] = [
    ['pusher', report.pusher],
    ['seed', report.seed],
    ['configuration', report.configuration],
    ['instances', report.instances],
    ['customers', `${report.customers}, of which deleted ${report.deleted}`],
    ['changes', report.changes],
    ['events published', report.events],
    ['deliveries', `${report.deliveries}, of which again ${report.redeliveries}`],
    ['answers', counts(report.answers)],
    ['to two instances at once', report.duplicates],
    ['lost acks', report.lostAcks],
    ['to an instance that was gone', report.unreachable],
    ['redeliveries kept back', report.heldBack],
    ['forgotten by the emulator', report.pushedInstead],
    ["sent again from the sender's dead letters", report.redriven],
    ['shortest time to a redelivery', redelivery(report)],
    ['kills (SIGKILL)', report.kills],
    ['drains (SIGTERM)', report.drains],
    ...Object.entries(report.faults).map(([side, faults]): [string, string] => [
      `faults: ${side}`,
      counts(faults),
    ]),
    ['upstream calls per event', report.callsPerEvent.toFixed(2)],
    ['log scanned', `${(report.logCharacters / 1e6).toFixed(1)} MB`],
    ['seconds until equal', report.secondsUntilEqual?.toFixed(1) ?? 'never'],
    ['dead letters', report.deadLetters],
    ['lost', report.lost],
    ['stale', report.stale],
    ['wrong', report.wrong],
    ['blanked or overwritten', report.overwritten],
    ['left', report.left],
    ['log leaks', report.logLeaks.length],
    ['bad exits', report.misbehaved.length],
    ['written to stderr', report.stderr.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const errors = [...report.verdictFaults, ...report.logLeaks, ...report.misbehaved, ...report.stderr];
  const more = errors.length > SHOWN ? [`… and ${errors.length - SHOWN} more`] : [];
  return [...lines, ...errors.slice(0, SHOWN), ...more].join('\n');
}

function redelivery({ shortestRedeliverySeconds, shortestFromDeliverySeconds }: Report): string {
  return `${shortestRedeliverySeconds.toFixed(2)} s from the answer, ${shortestFromDeliverySeconds.toFixed(2)} s from the delivery before`;
}

function counts(record: Readonly<Record<string, number>>): string {
  const struck = Object.entries(record).filter(([, count]) => count > 0);
  return struck.map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
