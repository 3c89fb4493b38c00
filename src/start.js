import './process/require-node.js';
// All of it by one name: an old Node lacks some of its exports, and would fail before the line above could say so.
import * as module from 'node:module';
import './process/resolve-package.js';
import { load } from './process/load-code.js';

// Node keeps what it has compiled, and stripped of types, where the host lets it (NODE_COMPILE_CACHE, else the temporary
// folder). This file is JavaScript, so that a start from there loads no TypeScript parser: 15 MB and 30 ms less.
module.enableCompileCache();
await load('main');
module.flushCompileCache();

// `npm start`, Dockerfile and app.yaml give V8 three settings, for what is true of every event: it waits a second for its
// upstreams, and is then forgotten. V8 takes such for long-lived. Left alone it lets them pile up to 400 MB before it looks;
// a small young generation (--max-semi-space-size) and an earlier look (--heap-growing-percent) halve that. And some
// processes would put parts of each request among the long-lived from the start, and take half as much processor time again:
// --no-allocation-site-pretenuring. Measured by `npm run bench`.
