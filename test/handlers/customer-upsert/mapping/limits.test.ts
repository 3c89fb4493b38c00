import t from 'tap';
import { createMap } from '../../../../handlers/customer-upsert/mapping/map.ts';
import { DEFAULT_MAPPING, Mapping } from '../../../../handlers/customer-upsert/mapping/mapping.ts';
import { tryMapping } from '../../../../handlers/customer-upsert/mapping/trial.ts';
import { UnusableProps } from '../../../../src/handler.ts';
import { CUSTOMER, startMapping } from './map-in-thread.ts';

const map = startMapping(t);
const ENDLESS = '($f := function($n){ 1 + $f($n) }; $f(0))';
const ENDLESS_LOOP = '($f := function($n){ $f($n + 1) }; $f(0))';

/** Evaluates an attribute with this expression. */
async function evaluated(source: string) {
  const { attributes, unusable, overLimit, fields, username } = await map({ attributes: { x: source } });
  t.equal(username, CUSTOMER.id);
  t.equal(fields['country'], 'NL');
  return { value: attributes['x'], unusable, overLimit };
}

const GIVEN_UP = { value: undefined, unusable: ['x'], overLimit: [['attributes', 'x']] };

t.test('abandons an expression that exceeds a limit, and evaluates the others', async (t) => {
  const doubled = (value: string) =>
    `($f := function($n){ $n = 0 ? "x" : ($x := $f($n - 1); ${value}) }; $f(60))`;
  const cases = {
    'a recursion without an end': ENDLESS,
    'one without an end that is a loop': ENDLESS_LOOP,
    'a recursion too deep': '($f := function($n){ $n = 0 ? 0 : 1 + $f($n - 1) }; $f(100000))',
    'a loop in a loop': '$map([1..10000], function($i){ $map([1..10000], function($j){ $j }) })',
    'a long range': '[1..10000000]',
    'ranges multiplied': '$sum([1..9000].[1..9000])',
    'objects that double': `$string(${doubled('{"a": $x, "b": $x}')})`,
    'lists that double': doubled('[[$x], [$x]]'),
    'lists that double, through $zip': '$reduce([1..60], function($a, $i){ $zip($a, $a) }, [1])',
    'all below objects that double': `$count(${doubled('{"a": $x, "b": $x}')}.**)`,
    'a text that doubles': '$reduce([1..60], function($a, $i){ $a & $a }, "text")',
    'a list that doubles': '$reduce([1..60], function($a, $i){ $append($a, $a) }, [1])',
    'one object many times': '$string([1..9000].($$ ~> |$|{"x": [1..9000]}|))',
    'a wide pad': '$pad("", 1000000000)',
    'many pads, without a node between them': '$map($map([1..9000], $string), $pad(?, 100000))',
    'a join with a long separator': '$join($map([1..9000], $string), $pad("", 90000))',
    'replacements of replacements':
      '$reduce(["a", "a", "a", "a"], function($x, $y){ $replace($x, "a", $pad("", 20000, "a")) })',
    'a search that looks ahead from everywhere': '$replace($pad("", 200000, "ab"), /a[^c]*c|a/, "x")',
    'a search for very many': '$split($pad("", 200000, "a,"), /,/)',
    'each compared with each': '$distinct([1..9999])',
    'a value within itself': '$string($ ~> |$|{"self": $}|)',
    'a wide year': '$fromMillis(0, "[Y,1000000000]")',
    'a picture of many digits': '$formatInteger(1, $pad("", 90000, "0"))',
  };
  for (const [name, source] of Object.entries(cases)) t.strictSame(await evaluated(source), GIVEN_UP, name);
});

t.test('evaluates expressions within the limits', async (t) => {
  const cases: Record<string, [source: string, value: unknown]> = {
    'a recursion': ['($f := function($n){ $n = 0 ? 0 : 1 + $f($n - 1) }; $f(60))', 60],
    'a loop of thousands': [
      '($f := function($n, $s){ $n = 0 ? $s : $f($n - 1, $s + $n) }; $f(5000, 0))',
      12502500,
    ],
    'a list': ['$count($map([1..5000], function($i){ $i * 2 }))', 5000],
    'a pad': ['$pad("7", -3, "0")', '007'],
    'a pad to be filled in later': ['$map(["7", "8"], $pad(?, -3, "0"))', ['007', '008']],
    'a function handed on': ['["a", "b"] ~> $join("-")', 'a-b'],
    distinct: ['$distinct(["a", "b", "a"])', ['a', 'b']],
    'a date': ['$toMillis("02/03/2026", "[D01]/[M01]/[Y0001]")', Date.UTC(2026, 2, 2)],
    'a year': ['$fromMillis(0, "[Y0001]")', '1970'],
    'a long text': ['$length($replace($pad("", 9000, "a "), /[a-z]/, "b"))', 9000],
  };
  for (const [name, [source, value]] of Object.entries(cases))
    t.strictSame(await evaluated(source), { value, unusable: [], overLimit: [] }, name);
});

t.test('a regular expression takes linear time', async (t) => {
  const { value } = await evaluated('$replace(lastName & "!", /^(a+)+$/, "x") = lastName & "!"');
  t.equal(value, true);
  t.strictSame((await evaluated('$replace(lastName, /^(a+)+$/, "x")')).value, 'x');
  t.strictSame((await evaluated('$contains(lastName & "!", /^(([a-z])+.)+[A-Z]([a-z])+$/)')).value, false);
});

t.test('yields to the event loop during a long evaluation', async (t) => {
  const { turns } = await map({ attributes: { x: ENDLESS_LOOP } });
  t.ok(turns >= 20, `${turns} turns`);
});

t.test('keeps turns of the event loop short and memory bounded with many long evaluations', async (t) => {
  const long = '$count($map([1..9000], function($i){ $i }))';
  const { turns, reasons, attributes } = await map({ attributes: { x: long } }, 130);
  t.equal(attributes['x'], 9000);
  t.ok(turns >= 100, `${turns} turns`);
  t.strictSame(reasons, Array(30).fill('mapping-overloaded'), 'these are tried again later');
  const none = await map({ attributes: { x: '$uppercase(email)' } }, 1_000);
  t.strictSame(none.reasons, [], 'what is quick is never given up');
});

t.test('all expressions of a customer together have a limit too', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const attributes = Object.fromEntries(names.map((name) => [name, ENDLESS_LOOP]));
  const mapped = await map({ attributes: { ...attributes, last: '$uppercase(email)', plain: 'email' } });
  const over = mapped.overLimit.map((path) => path[1]);
  t.strictSame(over, [...names, 'last'], 'nothing is left for the last one');
  t.equal(mapped.username, CUSTOMER.id);
  t.equal(mapped.attributes['plain'], 'amba@example.com');
});

t.test('does not blank a field whose definition was abandoned', async (t) => {
  const { unusable, overLimit, fields } = await map({
    define: { address: ENDLESS, indirect: '$address' },
    title: '$indirect ~> $uppercase',
  });
  t.strictSame(unusable, ['title', 'primaryPhone', 'country']);
  t.notOk('country' in fields);
  t.strictSame(
    overLimit.map((path) => path.join('.')),
    ['define.address', 'define.indirect', 'title', 'primaryPhone', 'country'],
  );
});

t.test('a mapping that exceeds a limit for a sample stops the start, with each expression', async (t) => {
  const mapFor = (changes: object) => createMap(Mapping.parse({ ...DEFAULT_MAPPING, ...changes }));
  const error = await tryMapping(mapFor({ lastName: ENDLESS, attributes: { 'a.b': ENDLESS } })).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UnusableProps)) throw new Error('Expected UnusableProps.');
  t.match(error.props, [
    { path: ['mapping', 'lastName'], expected: /stays within its limits/ },
    { path: ['mapping', 'attributes', 'a.b'] },
  ]);
  await t.resolves(tryMapping(mapFor({})));
});
