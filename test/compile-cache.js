import { enableCompileCache } from 'node:module';

// Every test file is a process of its own: without a cache each would strip the types of the whole service again.
enableCompileCache();
