import t from 'tap';
import { compile, ExpressionSource } from '../../../../handlers/customer-upsert/mapping/expression.ts';

/** All matches, as JSONata's `$match` returns them. */
async function matches(pattern: RegExp, text: string): Promise<unknown> {
  const source = `[$match(text, /${pattern.source}/${pattern.flags.replace('g', '')}).{"at": index, "all": match, "groups": [groups]}]`;
  return JSON.parse(JSON.stringify(await compile(source).evaluate({ text }, {})));
}

/** The matches of JavaScript's own engine. */
function expected(pattern: RegExp, text: string): unknown {
  return JSON.parse(
    JSON.stringify(
      [...text.matchAll(pattern)].map(({ index, 0: all, ...rest }) => ({
        at: index,
        all,
        groups: Object.entries(rest)
          .filter(([key]) => /^\d+$/.test(key))
          .map(([, group]) => group ?? null),
      })),
    ),
  );
}

const TEXTS = [
  '',
  'a',
  'Ab b',
  'foo bar',
  'one\ntwo\nthree',
  'x\u00a0y',
  '\u00c9l\u00e9n',
  'a/b-c',
  'a\u2003b\ufeffc',
  '__a9',
  '\v',
];

t.test('finds the same matches as JavaScript', async (t) => {
  const patterns = [
    ...[/\s+/g, /\S+/g, /[\s,]+/g, /[^\s]+/g, /[\S]/g, /[^\S]/g, /\w+/g, /\W/g, /\d/g, /[^a-z]/gi, /\bb/g],
    ...[
      /^t/gm,
      /o$/gm,
      /^f/g,
      /r$/g,
      /(a)|(b)/g,
      /(?:fo+)(o| )/g,
      /[\w-]+/g,
      /o{2}/g,
      /\//g,
      /\u0061/g,
      /\x61/g,
    ],
    ...[/\u00c9/g, /[\u00c0-\u00ff]/g, /a+?/g, /\\/g, /\./g, /(?<name>a)/g, /f(oo)? /g],
  ];
  for (const pattern of patterns)
    for (const text of TEXTS)
      t.strictSame(
        await matches(pattern, text),
        expected(pattern, text),
        `${pattern} in ${JSON.stringify(text)}`,
      );
});

t.test('replaces, splits and tests like JSONata', async (t) => {
  const cases: [source: string, value: unknown][] = [
    ['$replace("Abba Birkvale", /(\\w+) (\\w+)/, "$2, $1")', 'Birkvale, Abba'],
    ['$replace("a1b2", /\\d/, function($m){ "<" & $m.match & ">" })', 'a<1>b<2>'],
    ['$replace("aaaa", /a/, "b", 2)', 'bbaa'],
    ['$split("a, b,c", /, ?/)', ['a', 'b', 'c']],
    ['$split("a, b,c", /, ?/, 2)', ['a', 'b']],
    ['$contains("Hello", /hel+o/i)', true],
    ['$contains("Hello", /hel+o/)', false],
    ['$filter(["ab", "cd"], /a/)', 'ab'],
    ['/a(b)/("xab").groups', ['b']],
    ['($digits := /\\d+/; $map(["a1", "b22"], function($s){ $match($s, $digits).match }))', ['1', '22']],
    ['$match("a\u{1F600}b", /./).match', ['a', '\u{1F600}', 'b']],
  ];
  for (const [source, value] of cases) {
    const found: unknown = await compile(source).evaluate({}, {});
    t.strictSame(JSON.parse(JSON.stringify(found)), value, source);
  }
  await t.rejects(Promise.resolve(compile('$replace("ab", /x*/, "-")').evaluate({}, {})), { code: 'D1004' });
});

t.test('refuses expressions that a linear-time engine cannot match, with the reason', async (t) => {
  const cases = {
    'look-ahead': '$replace(lastName, /a(?=b)/, "")',
    'negative look-ahead': '$contains(lastName, /^(?!a)/)',
    'look-behind': '$split(lastName, /(?<=a)b/)',
    'a back-reference': '$contains(lastName, /(a)\\1/)',
    'too many repetitions': '$contains(lastName, /^[a-z]{1,1000}$/)',
    'one of several': '$contains(lastName, /a/) or $contains(firstName, /(?=a)/)',
  };
  for (const [name, source] of Object.entries(cases)) {
    const message = ExpressionSource.safeParse(source).error?.issues[0]?.message;
    t.match(message, /^a regular expression of linear time.*\(\/.*\/: .+\); write it/, name);
  }
  for (const source of ['/a/', '$split(lastName, /[ -]+/)', '$contains(email, /@example\\.com$/i)'])
    t.ok(ExpressionSource.safeParse(source).success, source);
});
