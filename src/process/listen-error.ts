/** One sentence on why the service cannot listen there and what to do, or undefined for an error of another kind. */
export function listenFault(error: unknown, host: string, port: number): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use by another process (${code}): end that one, or set PORT to a free port.`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine (${code}): set HOST to one that is, or to 0.0.0.0 for all.`;
    case 'EACCES':
      return `This user may not listen on port ${port} (${code}): set PORT to 1024 or more.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} cannot be resolved to an address (${code}): set HOST to an address of this machine, or to 0.0.0.0 for all.`;
    default:
      return undefined;
  }
}
