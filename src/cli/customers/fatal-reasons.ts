const REASONS: ReadonlySet<string> = new Set([
  'circuit-open',
  'credentials-refused',
  'permission-missing',
  'upstream-unreachable',
  'upstream-timeout',
  'rate-limited',
  'token-refused',
]);

/** True for a failure of the account or an upstream: it meets every customer, so a run ends there instead of going past it. */
export function isAccountFault(reason: string): boolean {
  return REASONS.has(reason);
}
