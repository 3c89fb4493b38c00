import './process/require-node.js';
// All of it by one name: an old Node lacks some of its exports, and would fail before the line above could say so.
import * as module from 'node:module';
import { load } from './process/load-code.js';

// Node caches compiled code without its types (in NODE_COMPILE_CACHE, else in the temporary folder). This file is JavaScript,
// so that a start from the cache loads no TypeScript parser: 15 MB and 30 ms less.
module.enableCompileCache();
await load('main');
module.flushCompileCache();

// `npm start`, Dockerfile and app.yaml give V8 three options. Each event waits about a second for its upstreams and is garbage
// then, but V8 promotes objects of that age to the old generation, which grows to 400 MB by default before it is collected. A
// small young generation (--max-semi-space-size) and earlier collections (--heap-growing-percent) halve that. In some
// processes V8 also allocates parts of each request in the old generation, which costs about 50 % more processor time;
// --no-allocation-site-pretenuring prevents it. `npm run bench` measures all three.
