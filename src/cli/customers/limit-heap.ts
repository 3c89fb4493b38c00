import { setFlagsFromString } from 'node:v8';

/**
 * Limits the growth of V8's heap, because a run needs the same memory for many customers as for few. Call it after all modules
 * are loaded; it slows loading down.
 */
export function limitHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=15');
}
