import t from 'tap';
import shipped from '../../handlers/customer-upsert/index.ts';
import * as contract from '../../src/handler.ts';
import * as kit from '../../src/testing.ts';

t.test("the package's name exports the handler contract, and there is one copy of it", async (t) => {
  const exported: object = await import('commercetools-fluent-customer-sync');
  t.strictSame({ ...exported }, { ...contract });
});

t.test('the shipped handler can be extended', async (t) => {
  const { default: exported } = await import('commercetools-fluent-customer-sync/handlers/customer-upsert');
  t.equal(exported, shipped);
});

t.test('the test kit can be imported', async (t) => {
  const exported: object = await import('commercetools-fluent-customer-sync/testing');
  t.strictSame({ ...exported }, { ...kit });
});
