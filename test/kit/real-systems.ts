import { type AccountConfig, loadConnector } from '../../src/configuration/connector.ts';

/** Where the stand-ins are. */
interface Addresses {
  readonly commercetools: { readonly url: string };
  readonly fluents: readonly { readonly url: string }[];
}

/**
 * Says which account of a connector file leads elsewhere than to the stand-ins, or undefined for none: an address that is
 * written out in the file would let development change a real project. A file that cannot be read names nobody.
 */
export async function findRealSystem(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  standIns: Addresses,
): Promise<string | undefined> {
  const loaded = await loadConnector(file, env);
  return 'faults' in loaded ? undefined : realSystemOf(file, loaded.connector.accounts, standIns);
}

/** The same of accounts that have been read. */
export function realSystemOf(
  file: string,
  accounts: readonly AccountConfig[],
  { commercetools, fluents }: Addresses,
): string | undefined {
  for (const account of accounts) {
    const addresses = [
      [account.commercetools.apiUrl, [commercetools]],
      [account.commercetools.authUrl, [commercetools]],
      [account.fluent.apiUrl, fluents],
    ] as const;
    const real = addresses.find(([address, standIns]) => standIns.every(({ url }) => url !== address));
    if (real)
      return `${file} leads to ${real[0]}, which is no stand-in; write the addresses as \${CTP_API_URL}, \${CTP_AUTH_URL} and \${FLUENT_API_URL}.`;
  }
  return undefined;
}
