import t from 'tap';
import { scanLog } from './log-scan.ts';
import { draft, PERSONAL } from './people.ts';
import { seeded } from './random.ts';

t.test('finds nothing in a log of ids, codes and times', async (t) => {
  const line = `{"event":"customer/7d0f0a52-1899-4a7e-9d6c-3f0e00000001@4","time":"2026-01-18T10:11:12.000Z","milliseconds":1899}`;
  t.same(scanLog(`${line}\n${line}\n`, ['a-secret-of-ours']), []);
});

t.test('finds', async (t) => {
  for (const [what, text] of [
    ['a name', 'pii-first-12'],
    ['an e-mail address, whatever its case', 'PII.1.2@example.com'],
    ['a phone number', '+99 123456'],
    ['a phone number without its space', '+99123456'],
    ['a date of birth', '1871-02-13'],
    ['a secret', 'a-secret-of-ours'],
    ['a rejection that nobody looked after', 'UnhandledPromiseRejection: unhandled rejection'],
  ] as const)
    t.test(what, async (t) => {
      const leaks = scanLog(`{"a":1}\n{"detail":"… ${text} …"}\n{"b":2}`, ['a-secret-of-ours']);
      t.equal(leaks.length, 1);
      t.notMatch(leaks.join(), /a-secret-of-ours/);
    });
});

t.test('detects every personal value of an invented customer', async (t) => {
  const random = seeded(7, 'people');
  for (let number = 0; number < 200; number += 1) {
    const {
      email,
      firstName = 'pii',
      lastName = 'pii',
      title = 'pii',
      dateOfBirth = 'pii',
      addresses = [],
    } = draft(random, number);
    const phones = addresses.flatMap(({ phone = 'pii', mobile = 'pii', streetName = '' }) => [
      phone,
      mobile,
      streetName,
    ]);
    for (const value of [email, firstName, lastName, title, dateOfBirth, ...phones])
      if (!PERSONAL.some((pattern) => pattern.test(value))) t.fail(`not known as personal: ${value}`);
  }
});
