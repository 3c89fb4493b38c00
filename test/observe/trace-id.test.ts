import type { IncomingHttpHeaders } from 'node:http';
import t from 'tap';
import { traceOf } from '../../src/observe/trace-id.ts';

const W3C = '4bf92f3577b34da6a3ce929d0e0e4736';
const GOOGLE = '105445aa7843bc8bf206b12000100000';

const CASES: { name: string; headers: IncomingHttpHeaders; expected: string | undefined }[] = [
  { name: 'no header', headers: {}, expected: undefined },
  { name: 'traceparent', headers: { traceparent: `00-${W3C}-00f067aa0ba902b7-01` }, expected: W3C },
  { name: 'a later version', headers: { traceparent: `01-${W3C}-00f067aa0ba902b7-01-more` }, expected: W3C },
  { name: 'Google with a span', headers: { 'x-cloud-trace-context': `${GOOGLE}/123;o=1` }, expected: GOOGLE },
  { name: 'Google alone', headers: { 'x-cloud-trace-context': GOOGLE }, expected: GOOGLE },
  {
    name: 'both',
    headers: { traceparent: `00-${W3C}-00f067aa0ba902b7-01`, 'x-cloud-trace-context': GOOGLE },
    expected: W3C,
  },
  {
    name: 'a traceparent that is none, and Google',
    headers: { traceparent: 'nonsense', 'x-cloud-trace-context': GOOGLE },
    expected: GOOGLE,
  },
  { name: 'too short', headers: { traceparent: '00-4bf92f35-00f067aa0ba902b7-01' }, expected: undefined },
  { name: 'too long', headers: { 'x-cloud-trace-context': `${GOOGLE}0` }, expected: undefined },
  { name: 'repeated', headers: { 'x-cloud-trace-context': [GOOGLE, GOOGLE] }, expected: undefined },
];

for (const { name, headers, expected } of CASES)
  t.test(`reads the trace from ${name}`, async (t) => {
    t.equal(traceOf(headers), expected);
  });
