import { PassThrough } from 'node:stream';
import t from 'tap';
import { readKeys } from '../../../src/cli/dev/keys.ts';

const actions = (done: string[]) => ({
  toggleFault: (name: string) => void done.push(name),
  toggleTraffic: () => void done.push('traffic'),
  changeCustomer: () => void done.push('change'),
  placeOrder: () => void done.push('order'),
  restart: () => void done.push('restart'),
  quit: () => void done.push('quit'),
});

t.test('each key does one thing, and others none', async (t) => {
  const done: string[] = [];
  const raw: boolean[] = [];
  const terminal = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => void raw.push(on),
  });
  const stop = readKeys(terminal, actions(done));
  terminal.emit('data', Buffer.from('18tco'));
  terminal.emit('data', Buffer.from('r0 9xq\u0003'));
  t.same(done, [
    'fluent-down',
    'commercetools-stale',
    'traffic',
    'change',
    'order',
    'restart',
    'quit',
    'quit',
  ]);
  stop();
  terminal.emit('data', Buffer.from('t'));
  t.equal(done.length, 8);
  t.same(raw, [true, false]);
});

t.test('without a terminal nothing is read', async (t) => {
  const done: string[] = [];
  const input = new PassThrough();
  readKeys(input, actions(done))();
  input.emit('data', Buffer.from('t'));
  t.same(done, []);
});
