import t from 'tap';
import { createLog } from '../src/log.ts';
import { createShutDown } from '../src/shut-down.ts';

/** A service whose drain ends when it is told to. */
function start(terminal: boolean) {
  const drained = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<number>();
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  const app = { drain: () => drained.promise, close: async () => undefined };
  let exits = 0;
  const shutDown = createShutDown(Object.assign(app), log, {
    terminal,
    pending: () => 7,
    exit(code) {
      exits += 1;
      ended.resolve(code);
    },
  });
  return {
    shutDown,
    drained,
    ended: ended.promise,
    exits: () => exits,
    said: () => lines.map(({ message }) => message),
  };
}

t.test('further signals do not shorten a drain', async (t) => {
  const { shutDown, drained, ended, exits, said } = start(false);
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGTERM'] as const) shutDown(signal);
  await new Promise(setImmediate);
  t.equal(exits(), 0);
  drained.resolve(0);
  t.equal(await ended, 0);
  t.match(said().at(-1), 'Everything under way is finished.');
});

t.test('a second Ctrl-C on a terminal does, and says what it leaves behind', async (t) => {
  const { shutDown, ended, exits, said } = start(true);
  shutDown('SIGINT');
  shutDown('SIGTERM');
  await new Promise(setImmediate);
  t.equal(exits(), 0);
  shutDown('SIGINT');
  t.equal(await ended, 130);
  t.match(said().at(-1), /second Ctrl-C: 7 events/);
});

t.test('what is lost is said, and ends with 1', async (t) => {
  const { shutDown, drained, ended, said } = start(false);
  shutDown('SIGTERM');
  drained.resolve(3);
  t.equal(await ended, 1);
  t.match(said().at(-1), '3 acknowledged events are lost; each is named above.');
  t.notMatch(said().join(), /Everything/);
});
