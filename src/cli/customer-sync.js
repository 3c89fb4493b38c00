#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// JavaScript, as `src/start.js` is: from the cache a command starts without a TypeScript parser.
enableCompileCache();
await import('./main.ts');
