import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import jsonata from 'jsonata';
import t from 'tap';
import { BUILT_IN_FUNCTIONS } from '../../../../handlers/customer-upsert/mapping/built-in-functions.ts';
import { IMPURE } from '../../../../handlers/customer-upsert/mapping/expression.ts';
import { findUnknownNames } from '../../../../handlers/customer-upsert/mapping/unknown-names.ts';

const DEFINE = { address: 'addresses[id = $$.defaultShippingAddressId] ?? addresses[0]' };

function unknownIn(source: string, define: Readonly<Record<string, string>> = DEFINE): string[] {
  return findUnknownNames(define, [{ path: ['title'], source }]).map(({ found }) => found);
}

t.test('finds names that have no value for any customer', async (t) => {
  const cases: [source: string, found: string[]][] = [
    ['fristName', ['fristName']],
    ['$.fristName', ['fristName']],
    ['$$.fristName', ['fristName']],
    ['`first name`', ['first name']],
    ['[fristName, lastNmae]', ['fristName', 'lastNmae']],
    ['{"a": fristName}', ['fristName']],
    ['-fristName', ['fristName']],
    ['title & fristName', ['fristName']],
    ['fristName = "x" ? title : titel', ['fristName', 'titel']],
    ['fristName ?? title', ['fristName']],
    ['fristName ?: title', ['fristName']],
    ['$trim(fristName)', ['fristName']],
    ['fristName ~> $trim', ['fristName']],
    ['$map(adresses, function($a) { $a.city })', ['adresses']],
    ['($x := fristName; $x)', ['fristName']],
    ['(title; $trim(fristName))', ['fristName']],
    ['custm.fields.tier', ['custm']],
    ['custom.feilds.tier', ['feilds']],
    ['addresses.cty', ['cty']],
    ['addresses[0].cty', ['cty']],
    ['addresses[ctry = "DE"].city', ['ctry']],
    ['addresses[id = $$.defaultShipingAddressId].city', ['defaultShipingAddressId']],
    ['addresses.(cty & phone)', ['cty']],
    ['addresses^(cty).city', ['cty']],
    ['addresses{cty: phone}', ['cty']],
    ['$address.cty', ['cty']],
    ['$address.custom.feilds', ['feilds']],
    ['$adress.city', ['$adress']],
    ['$upper(title)', ['$upper']],
    ['title ~> $upper', ['$upper']],
    ['addresses.$foo(city)', ['$foo']],
    ['$map(addresses, function($a) { $b.city })', ['$b']],
  ];
  for (const [source, found] of cases) t.strictSame(unknownIn(source), found, source);
});

t.test('accepts names that exist or cannot be checked', async (t) => {
  const cases = [
    'custom.fields.anything.below',
    'addresses.custom.fields.anything',
    'customerGroup.obj.name',
    'stores.key',
    '$lookup($$, "newField")',
    '*.anything',
    '**.anything',
    'addresses.city.%.country',
    'addresses@$a.stores[key = $a.key].key',
    'addresses#$i[$i = 1].city',
    '($f := function($n) { $n = 0 ? 0 : $f($n - 1) }; $f(3))',
    '$filter(addresses, function($a) { $a.country = "DE" }).anything',
    '$merge([$, {"more": 1}]).more',
    '$ ~> |$|{"more": anything}|',
    '$substring(?, 0, 1)(title)',
    '{"a": 1}.a',
    '"firstName"',
    '$address.city',
    '$sum([1, 2])',
  ];
  for (const source of cases) t.strictSame(unknownIn(source), [], source);
});

t.test('a definition can use those above it', async (t) => {
  const define = { first: 'addresses[0]', city: '$first.city', late: '$later', later: 'title' };
  t.match(findUnknownNames(define, []), [
    { path: ['define', 'late'], found: '$later', advice: 'Put the definition of later above this one.' },
  ]);
});

t.test('has exactly the functions of the library', async (t) => {
  const library = await readFile(createRequire(import.meta.url).resolve('jsonata'), 'utf8');
  const bound = [...library.matchAll(/staticFrame\.bind\('(\w+)'/g)].map(([, name]) => name);
  t.ok(bound.length > 50, 'the library still defines its functions so');
  t.same(new Set([...BUILT_IN_FUNCTIONS, ...IMPURE]), new Set([...bound, 'now', 'millis']));
  for (const name of BUILT_IN_FUNCTIONS)
    t.ok(await jsonata(`$exists($${name})`).evaluate({}), `$${name} is there`);
});
