import { enableCompileCache, flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Requests under way for a second are neither young nor old to a collector: left alone, V8 lets them pile up to 400 MB
// before it looks. Collecting sooner costs no throughput here (`npm run bench`), and a container of half the size.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--heap-growing-percent=20');

// Node keeps what it has compiled, and stripped of types, where the host lets it (NODE_COMPILE_CACHE, else the temporary
// folder): the next start takes less time and no TypeScript parser. So everything else is imported after this.
enableCompileCache();
await import('./serve.ts');
flushCompileCache();
