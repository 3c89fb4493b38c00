import t from 'tap';
import { createLog } from '../../src/observe/log.ts';
import { createShutDown, type Undone } from '../../src/process/shut-down.ts';
import { until } from '../sandbox/until.ts';

const NOTHING: Undone = { redelivered: 0, deadLettered: 0, lost: 0 };

/** A service whose drain ends when the test ends it. */
function start(terminal: boolean, abandoned: Undone = NOTHING) {
  const drained = Promise.withResolvers<Undone>();
  const closed = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  const service = { drain: () => drained.promise, abandon: () => abandoned, close: () => closed.promise };
  const waits: { readonly milliseconds: number; readonly end: () => void }[] = [];
  let now = 0;
  let exits = 0;
  const shutDown = createShutDown(service, log, {
    terminal,
    now: () => now,
    wait: (milliseconds) => new Promise((resolve) => waits.push({ milliseconds, end: () => resolve(false) })),
    exit(code) {
      exits += 1;
      ended.resolve(code);
    },
  });
  return {
    shutDown,
    drained,
    closed,
    ended: ended.promise,
    exits: () => exits,
    last: () => lines.at(-1),
    /** Ends the wait of this number of milliseconds, when it has started. */
    async endWait(milliseconds: number) {
      const found = () => waits.find((wait) => wait.milliseconds === milliseconds);
      await until(() => found() !== undefined);
      found()?.end();
    },
    pass(milliseconds: number) {
      now += milliseconds;
    },
  };
}

t.test('further signals do not shorten a drain', async (t) => {
  const { shutDown, drained, closed, ended, exits, last, pass } = start(false);
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGTERM', 'SIGINT'] as const) {
    shutDown(signal);
    pass(1_000);
  }
  await new Promise(setImmediate);
  t.equal(exits(), 0);
  drained.resolve(NOTHING);
  closed.resolve();
  t.equal(await ended, 0);
  t.match(last(), { severity: 'INFO', message: 'Everything in flight is finished.' });
});

t.test('a second Ctrl-C on a terminal does, and logs the number of unfinished events', async (t) => {
  const { shutDown, ended, exits, last, pass } = start(true, { redelivered: 7, deadLettered: 0, lost: 0 });
  shutDown('SIGINT');
  shutDown('SIGINT');
  pass(1_000);
  shutDown('SIGTERM');
  await new Promise(setImmediate);
  t.equal(exits(), 0, 'neither the same one, forwarded by npm, nor another signal');
  shutDown('SIGINT');
  t.equal(await ended, 130);
  t.match(last(), {
    severity: 'WARNING',
    message: /second Ctrl-C\. Events not finished: 7 delivered again/,
    redelivered: 7,
  });
});

const ENDS: { name: string; undone: Undone; code: number; line: object }[] = [
  {
    name: 'logs events that are delivered again, which is not an error',
    undone: { redelivered: 2, deadLettered: 0, lost: 0 },
    code: 0,
    line: { severity: 'WARNING', message: /^Events not finished: 2 delivered again by the sender\.$/ },
  },
  {
    name: 'logs dead-lettered events, which is not an error',
    undone: { redelivered: 0, deadLettered: 2, lost: 0 },
    code: 0,
    line: { severity: 'WARNING', message: /^Events not finished: 2 dead-lettered\.$/ },
  },
  {
    name: 'logs lost events, and exits with 1',
    undone: { redelivered: 0, deadLettered: 2, lost: 3 },
    code: 1,
    line: {
      severity: 'ERROR',
      message: /: 2 dead-lettered, 3 lost \(each is named above\)\.$/,
    },
  },
];

for (const { name, undone, code, line } of ENDS)
  t.test(name, async (t) => {
    const { shutDown, drained, closed, ended, last } = start(false);
    shutDown('SIGTERM');
    drained.resolve(undone);
    closed.resolve();
    t.equal(await ended, code);
    t.match(last(), line);
  });

t.test('a connection that cannot be closed does not delay the end, and is logged', async (t) => {
  const { shutDown, drained, ended, exits, last, endWait } = start(false);
  shutDown('SIGTERM');
  drained.resolve(NOTHING);
  await new Promise(setImmediate);
  t.equal(exits(), 0);
  await endWait(1_000);
  t.equal(await ended, 0);
  t.match(last(), { severity: 'WARNING', message: /not every connection could be closed/ });
});

t.test('an uncaught exception drains like a signal, and exits with 1', async (t) => {
  const { shutDown, drained, closed, ended, exits, last } = start(true);
  shutDown('uncaught');
  shutDown('uncaught');
  await new Promise(setImmediate);
  t.equal(exits(), 0);
  drained.resolve(NOTHING);
  closed.resolve();
  t.equal(await ended, 1);
  t.match(last(), { message: 'Everything in flight is finished.' });
});

t.test('one during the drain makes the process exit with 1', async (t) => {
  const { shutDown, drained, closed, ended } = start(false);
  shutDown('SIGTERM');
  shutDown('uncaught');
  drained.resolve(NOTHING);
  closed.resolve();
  t.equal(await ended, 1);
});

t.test('exits with 1 if the drain fails', async (t) => {
  const { shutDown, drained, ended, last } = start(false);
  shutDown('SIGTERM');
  drained.reject(new Error('a person'));
  t.equal(await ended, 1);
  t.match(last(), { severity: 'ERROR', message: 'The shutdown failed.', err: { type: 'Error' } });
});

t.test('gives up a drain that does not end', async (t) => {
  const { shutDown, ended, exits, endWait } = start(false);
  shutDown('SIGTERM');
  await new Promise(setImmediate);
  t.equal(exits(), 0);
  await endWait(9_400);
  t.equal(await ended, 1);
});
