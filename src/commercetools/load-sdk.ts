import { createRequire } from 'node:module';
import type * as Platform from '@commercetools/platform-sdk';
import type * as Client from '@commercetools/sdk-client-v2';

/** The functions of commercetools' SDK that this service uses. */
export interface Sdk {
  readonly createApiBuilderFromCtpClient: typeof Platform.createApiBuilderFromCtpClient;
  readonly createClient: typeof Client.createClient;
}

const require = createRequire(import.meta.url);
let loaded: Sdk | undefined;

/** Loads the SDK, which is 2 MB of source: called with the first request, so that the start is faster. */
export function loadSdk(): Sdk {
  if (loaded) return loaded;
  const platform: typeof Platform = require('@commercetools/platform-sdk');
  const client: typeof Client = require('@commercetools/sdk-client-v2');
  loaded = {
    createApiBuilderFromCtpClient: platform.createApiBuilderFromCtpClient,
    createClient: client.createClient,
  };
  return loaded;
}
