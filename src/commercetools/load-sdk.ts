import { createRequire } from 'node:module';
import type * as Platform from '@commercetools/platform-sdk';
import type * as Client from '@commercetools/sdk-client-v2';

/** The parts of commercetools' SDK that make requests. */
export interface Sdk {
  readonly createApiBuilderFromCtpClient: typeof Platform.createApiBuilderFromCtpClient;
  readonly createClient: typeof Client.createClient;
}

const require = createRequire(import.meta.url);
let loaded: Sdk | undefined;

/** Loads the SDK with the first request: it is 2 MB of source, and the start need not wait for it. */
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
