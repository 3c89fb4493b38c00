const REASONS: ReadonlySet<string> = new Set([
  'circuit-open',
  'credentials-refused',
  'permission-missing',
  'upstream-unreachable',
  'upstream-timeout',
  'rate-limited',
  'token-refused',
]);

/** True for a failure of the account or an upstream. It affects every customer, so the run stops. */
export function isAccountFault(reason: string): boolean {
  return REASONS.has(reason);
}
