#!/usr/bin/env node
import '../process/require-node.js';
// All of it by one name, as in `src/start.js`.
import * as module from 'node:module';
import { load } from '../process/load-code.js';

// JavaScript, as `src/start.js` is: from the cache a command starts without a TypeScript parser.
module.enableCompileCache();
await load('cli/main');
