import t from 'tap';
import { withConnectNames } from '../../src/configuration/connect-names.ts';

const REGION = { CTP_CLIENT_REGION: 'europe-west1.gcp' };
const URLS = {
  CTP_AUTH_URL: 'https://auth.europe-west1.gcp.commercetools.com',
  CTP_API_URL: 'https://api.europe-west1.gcp.commercetools.com',
};
const PROJECT = { CTP_PROJECT_KEY: 'shop' };

t.test('the variable names of commercetools Connect', async (t) => {
  const cases = [
    { title: 'nothing of them', env: PROJECT, is: PROJECT },
    { title: 'the region gives both addresses', env: REGION, is: URLS },
    {
      title: 'what is set wins',
      env: { ...REGION, CTP_API_URL: 'http://127.0.0.1:1' },
      is: { ...URLS, CTP_API_URL: 'http://127.0.0.1:1' },
    },
    { title: 'blank is not set', env: { ...REGION, CTP_AUTH_URL: ' ' }, is: URLS },
    { title: 'a region that is none', env: { CTP_CLIENT_REGION: 'https://x/' }, is: {} },
    {
      title: 'scopes with the project stay as they are',
      env: { ...PROJECT, CTP_CLIENT_SCOPE: 'view_customers:shop  manage_subscriptions:shop' },
      is: { ...PROJECT, CTP_SCOPES: 'view_customers:shop manage_subscriptions:shop' },
    },
    {
      title: 'scopes without it are given it',
      env: { ...PROJECT, CTP_CLIENT_SCOPE: 'view_customers,manage_subscriptions' },
      is: { ...PROJECT, CTP_SCOPES: 'view_customers:shop manage_subscriptions:shop' },
    },
    {
      title: 'CTP_SCOPES wins',
      env: { CTP_SCOPES: 'a:b', CTP_CLIENT_SCOPE: 'view_customers' },
      is: { CTP_SCOPES: 'a:b' },
    },
  ];
  for (const { title, env, is } of cases) t.same(withConnectNames(env), is, title);
});
