import { enableCompileCache, flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Node keeps what it has compiled, and stripped of types, where the host lets it (NODE_COMPILE_CACHE, else the temporary
// folder): the next start takes less time and no TypeScript parser. So everything else is imported after this.
enableCompileCache();
await import('./serve.ts');
flushCompileCache();

// An event that waits a second for its upstreams is neither young nor old to V8's collector, which left alone lets such
// pile up to 400 MB before it looks. Looking sooner costs some processor time and halves that (`npm run bench`).
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--heap-growing-percent=60');
