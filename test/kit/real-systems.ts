import { type AccountConfig, loadConnector } from '../../src/configuration/connector.ts';

/** The URLs of the stand-ins. */
interface Addresses {
  readonly commercetools: { readonly url: string };
  readonly fluents: readonly { readonly url: string }[];
}

/**
 * Returns the account of a connector file that uses another system than the stand-ins, or undefined: with a URL written in the
 * file, development would change a real project. Returns undefined for a file that cannot be read.
 */
export async function findRealSystem(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  standIns: Addresses,
): Promise<string | undefined> {
  const loaded = await loadConnector(file, env);
  return 'faults' in loaded ? undefined : realSystemOf(file, loaded.connector.accounts, standIns);
}

/** Checks accounts that have been read. */
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
