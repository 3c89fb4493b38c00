import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createLog } from '../../src/observe/log.ts';
import { type Destination, LogStream } from '../../src/observe/log-stream.ts';
import { until } from '../sandbox/until.ts';

/** A destination that accepts data when the test allows it; like stdout, it stays open after an error. */
function start() {
  const taken: string[] = [];
  let pending: ((error?: Error | null) => void) | undefined;
  const destination: Destination = {
    write(text, done) {
      taken.push(text);
      pending = done;
    },
    on() {},
  };
  const stream = new LogStream(destination);
  const settle = async (error?: Error) => {
    const done = pending;
    pending = undefined;
    done?.(error);
    await turn();
  };
  return { stream, taken, settle, isWriting: () => pending !== undefined };
}

t.test('writes lines in order, those of one turn of the event loop in one write', async (t) => {
  const { stream, taken, settle, isWriting } = start();
  for (const line of ['1\n', '2\n']) stream.write(line);
  t.strictSame(taken, []);
  await turn();
  t.strictSame(taken, ['1\n2\n']);
  for (const line of ['3\n', '4\n']) stream.write(line);
  await turn();
  t.equal(taken.length, 1, 'one write at a time');
  await settle();
  t.strictSame(taken, ['1\n2\n', '3\n4\n']);
  await settle();
  t.notOk(isWriting());
});

t.test('drops lines that do not fit, and logs their number', async (t) => {
  const { stream, taken, settle } = start();
  const line = `${'x'.repeat(999)}\n`;
  for (let written = 0; written < 5_000; written += 1) stream.write(line);
  await turn();
  const [only] = taken;
  t.ok(Number(only?.length) < 1.1 * 1024 * 1024);
  const lines = only?.trimEnd().split('\n') ?? [];
  const last = JSON.parse(lines.at(-1) ?? '');
  t.match(last, { severity: 'WARNING', dropped: Number, message: / lines of the log were dropped/ });
  t.equal(lines.length - 1 + last.dropped, 5_000);
  await settle();
});

t.test('counts the lines of a failed write, and retries', async (t) => {
  const { stream, taken, settle } = start();
  stream.write('1\n');
  stream.write('2\n');
  await turn();
  await settle(Object.assign(new Error('No space is left.'), { code: 'ENOSPC' }));
  stream.write('3\n');
  t.ok(await until(() => taken.length > 1));
  t.match(taken[1], /^3\n\{.*"dropped":2,.*\}\n$/);
  await settle(new Error('Still none.'));
  t.ok(await until(() => taken.length > 2));
  t.match(taken[2], /^\{.*"dropped":3,.*\}\n$/);
  await settle();
});

t.test('flushes at the end, even if nothing is read', async (t) => {
  const { stream, settle } = start();
  const log = createLog('info', stream);
  await new Promise<void>((resolve) => log.flush(() => resolve()));
  log.info('One.');
  await turn();
  log.info('Two.');
  let isFlushed = false;
  log.flush(() => {
    isFlushed = true;
  });
  await settle();
  t.notOk(isFlushed);
  await settle();
  t.ok(isFlushed);

  log.info('Three.');
  await new Promise<void>((resolve) => log.flush(() => resolve()));
  t.pass('nothing took it, and it was given up');
});
