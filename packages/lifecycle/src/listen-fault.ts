const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use: set another with PORT or METRICS_PORT, or stop the process that uses it',
  EACCES: 'requires more permissions than this user has: set a port above 1023 with PORT or METRICS_PORT',
  EADDRNOTAVAIL: 'is not an address of this machine: set another with HOST or METRICS_HOST',
};

/** Returns the reason for which a service cannot listen, in one line for the operator; undefined for other errors. */
export function explainListen(error: unknown): string | undefined {
  if (!(error instanceof Error && 'syscall' in error && error.syscall === 'listen')) return undefined;
  if (!('code' in error && 'address' in error && 'port' in error)) return undefined;
  const code = String(error.code);
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : `cannot be opened: ${code}`;
  return `${String(error.address)}:${String(error.port)} ${reason}.`;
}
