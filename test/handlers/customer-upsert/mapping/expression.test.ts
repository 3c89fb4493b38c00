import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import jsonata from 'jsonata';
import t from 'tap';
import { compile, ExpressionSource } from '../../../../handlers/customer-upsert/mapping/expression.ts';
import { jsonOf } from '../../../../handlers/customer-upsert/mapping/fit.ts';

const INPUT = {
  title: 'Dr',
  empty: '',
  nothing: null,
  zero: 0,
  no: false,
  list: ['a', 'b'],
  one: ['a'],
  none: [],
  deep: { er: { est: 1 }, list: [{ x: 1 }, { x: 2 }, {}], nested: [[{ x: 3 }], { x: 4 }] },
  addresses: [{ id: 'f', country: 'US' }, { id: 'b' }],
  wanted: 'f',
  duplicates: [
    { id: 'f', x: 1 },
    { id: 'f', x: 2 },
  ],
  odd: [null, ['a', 'b'], { id: 'f' }],
  custom: { fields: { 'a b': 1, constructor: 'own' } },
};
const BINDINGS = {
  address: { country: 'NL', phones: ['1', '2'] },
  gone: undefined,
  nil: null,
  text: 'T',
  many: [1, 2],
};

const ADDRESS =
  'addresses[id = $$.wanted] ?? addresses[id = $$.missing] ?? addresses[id = "b"] ?? addresses[0]';

const SOURCES = [
  ...[ADDRESS, `(${ADDRESS}).country`, 'addresses[id = $$.wanted].country', 'addresses[id = $$.title]'],
  ...['addresses[1]', 'addresses[-1]', 'addresses[0.5]', 'addresses[9]', 'addresses[0].country.x', 'one[0]'],
  ...[
    'list[0]',
    'none[0]',
    'deep[0].er',
    'missing[0]',
    'title[0]',
    'deep.list[0]',
    'deep.list[1].x',
    'nothing[0]',
  ],
  ...[
    'addresses[id = $$.list]',
    'addresses[country = $$.nothing]',
    'addresses[id = id]',
    'addresses[$$.wanted = id]',
  ],
  ...[
    'duplicates[id = $$.wanted]',
    'duplicates[id = $$.wanted].x',
    'duplicates[id = $gone]',
    'odd[id = $$.wanted]',
    'odd[1]',
  ],
  ...['addresses[id = $$.wanted][0]', 'addresses[0][0]', 'addresses[id = $$.wanted and country = "US"]'],
  ...['$$.addresses[0].id', '$address[0].country', '$many[0]', 'title ?? deep ?? one', 'missing ?? "none"'],
  ...['zero ?? title', 'no ?? title', 'list ?? title', 'missing ?? list', '$exists(title) ? title : deep'],
  ...[
    '$exists(title) ? deep : title',
    'missing ?: one',
    '(missing ?? empty) ?: title',
    'missing ?? empty ?: title',
  ],
  ...[
    'title ?: deep.er',
    'nothing ?: title',
    'title ?? deep.er',
    'nothing ?? $address.country',
    'empty ?: title',
    'deep ?: title',
  ],
  ...['title', 'empty', 'nothing', 'zero', 'no', 'list', 'one', 'none', 'missing', 'deep', 'deep.er.est'],
  ...['title.x', 'nothing.x', 'zero.x', 'list.x', 'none.x', 'missing.x.y', 'deep.list.x', 'deep.nested.x'],
  ...[
    'addresses',
    'addresses.country',
    'addresses.missing',
    'addresses[0].country',
    'addresses[]',
    'title[]',
  ],
  ...['custom.fields.`a b`', 'custom.fields.constructor', '"title"', '"deep".er.est', '`title`'],
  ...['constructor', 'constructor.name', '__proto__', '__proto__.constructor', 'toString', 'hasOwnProperty'],
  ...['title.length', 'list.length', 'deep.constructor', 'deep.__proto__', 'valueOf.name'],
  ...['$address', '$address.country', '$address.phones', '$address.missing', '$address.country.x'],
  ...['$gone', '$gone.x', '$nil', '$nil.x', '$text.x', '$many', '$many.x', '$unknown', '$unknown.x'],
  ...[
    '$',
    '$.title',
    '$$',
    '$$.title',
    '$$.deep.er',
    '$.addresses.country',
    '$constructor',
    '$constructor.name',
  ],
  ...['$uppercase.x', '$toString.name', '$$.constructor', 'deep{"a": er.est}', 'deep.er{"a": est}'],
  ...[
    'addresses{country: id}',
    'deep.list^(x).x',
    'deep.list@$v.x',
    'deep.list#$i.x',
    'deep.*',
    'deep.**',
    'title.%',
  ],
];

async function both(source: string, input: unknown, bindings: Readonly<Record<string, unknown>>) {
  const engine = await jsonata(source)
    .evaluate(input, bindings)
    .catch(() => 'threw');
  const compiled = await Promise.resolve(compile(source).evaluate(input, bindings)).catch(() => 'threw');
  return { engine: jsonOf(engine), compiled: jsonOf(compiled) };
}

t.test("returns the engine's results", async (t) => {
  for (const source of SOURCES) {
    const { engine, compiled } = await both(source, INPUT, BINDINGS);
    t.strictSame(compiled, engine, source);
  }
});

t.test("returns the engine's results for random data and paths", async (t) => {
  const name = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__', 'length', 'toString');
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.constantFrom(null, '', 0, 1, 'x', true, false),
      tie('object'),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'length'), tie('value'), { maxKeys: 3 }),
  }));
  const path = fc.tuple(
    fc.constantFrom('', '$v.', '$.', '$$.'),
    fc.array(name, { minLength: 1, maxLength: 4 }),
  );
  const checked = fc.assert(
    fc.asyncProperty(json.object, json.value, path, async (input, value, [start, names]) => {
      const { engine, compiled } = await both(`${start}${names.join('.')}`, input, { v: value });
      return isDeepStrictEqual(compiled, engine);
    }),
    { numRuns: 400 },
  );
  await t.resolves(checked);
});

t.test("returns the engine's results for random lists and filters", async (t) => {
  const scalar = fc.constantFrom('x', 'y', '', 0, 1, true, null);
  const item = fc.oneof(
    { weight: 6, arbitrary: fc.dictionary(fc.constantFrom('id', 'a'), scalar, { maxKeys: 2 }) },
    { weight: 1, arbitrary: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })) },
  );
  const input = fc.record({
    list: fc.oneof(
      { weight: 6, arbitrary: fc.array(item, { maxLength: 4 }) },
      { weight: 1, arbitrary: item },
    ),
    wanted: scalar,
    other: fc.option(scalar, { nil: undefined }),
  });
  const choice = fc.constantFrom(
    'list[id = $$.wanted]',
    'list[id = $$.other]',
    'list[0]',
    'list[-1].a',
    'other',
  );
  const operator = fc.constantFrom(' ?? ', ' ?: ');
  const checked = fc.assert(
    fc.asyncProperty(
      input,
      fc.array(choice, { minLength: 1, maxLength: 3 }),
      operator,
      async (data, choices, by) => {
        // JSON has no undefined values.
        const { engine, compiled } = await both(choices.join(by), JSON.parse(JSON.stringify(data)), {});
        return isDeepStrictEqual(compiled, engine);
      },
    ),
    { numRuns: 1_000 },
  );
  await t.resolves(checked);
});

t.test('uses the engine if a definition has the name of a function', async (t) => {
  const bindings = { exists: null };
  const { engine, compiled } = await both('title ?? deep', INPUT, bindings);
  t.strictSame(compiled, engine);
  t.equal(compile('title ?? deep').standsAlone, false);
});

t.test('refuses expressions that use the time or random numbers, called or passed on', async (t) => {
  const impure = [
    ...['$now()', '$millis ()', '$random()', '$shuffle(addresses)', '$eval("1")', 'title & $now("[Y]")'],
    ...['addresses ~> $shuffle', '($clock := $now; $clock())', '$map([1], function($x){$random()})'],
    ...['title ? "a" : $millis()', 'addresses[$random() > 0.5]', '{"at": $now()}', '$now/* now */()'],
  ];
  for (const source of impure) {
    const parsed = ExpressionSource.safeParse(source);
    t.match(parsed.error?.issues[0]?.message, /pure JSONata expression .* without \$\w+$/, source);
  }
  for (const source of ['"$now() costs $random()"', '$nowhere', 'now', '$string(version)', '$address.now'])
    t.ok(ExpressionSource.safeParse(source).success, source);
});

t.test('refuses an invalid expression, with the position', async (t) => {
  for (const source of ['title &', 'addresses[', '', '"open', 'a..b.'])
    t.match(ExpressionSource.safeParse(source).error?.issues[0]?.message, /^a JSONata expression \(/, source);
  t.match(ExpressionSource.safeParse('title ) x').error?.issues[0]?.message, /at character \d+/);
});

t.test('chooses an address without the engine', async (t) => {
  const value = compile(ADDRESS).evaluate(INPUT, {});
  t.notOk(value instanceof Promise);
  t.strictSame(value, { id: 'f', country: 'US' });
});

t.test('evaluates a plain path without the engine', async (t) => {
  const evaluate = async (source: string) => {
    let reads = 0;
    // The engine reads a marker property of every input; a direct evaluation does not.
    const input = new Proxy(
      { title: 'Dr', deep: { er: 1 } },
      {
        get(target, name, receiver) {
          reads += 1;
          return Reflect.get(target, name, receiver);
        },
      },
    );
    const value = await compile(source).evaluate(input, { address: { country: 'NL' } });
    return { value, reads };
  };
  t.strictSame(await evaluate('title'), { value: 'Dr', reads: 1 });
  t.strictSame(await evaluate('deep.er'), { value: 1, reads: 1 });
  t.strictSame(await evaluate('$address.country'), { value: 'NL', reads: 0 });
  t.not((await evaluate('$uppercase(title)')).reads, 1, 'the engine can be told from it');
});
