import { loadConnector } from '../../../config/connector.ts';
import type { StandIns } from '../../testing/stand-ins.ts';

/**
 * Says which account of a connector file leads elsewhere than to the stand-ins, or undefined for none: an address that is
 * written out in the file would let development change a real project. A file that cannot be read names nobody.
 */
export async function findRealSystem(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  { commercetools, fluent }: Pick<StandIns, 'commercetools' | 'fluent'>,
): Promise<string | undefined> {
  const loaded = await loadConnector(file, env);
  if ('faults' in loaded) return undefined;
  for (const account of loaded.connector.accounts) {
    const addresses = [
      [account.commercetools.apiUrl, commercetools.url],
      [account.commercetools.authUrl, commercetools.url],
      [account.fluent.apiUrl, fluent.url],
    ] as const;
    const real = addresses.find(([address, standIn]) => address !== standIn);
    if (real)
      return `${file} leads to ${real[0]}, which is no stand-in; write the addresses as \${CTP_API_URL}, \${CTP_AUTH_URL} and \${FLUENT_API_URL}.`;
  }
  return undefined;
}
