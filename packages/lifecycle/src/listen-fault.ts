const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use: give another with PORT or METRICS_PORT, or stop what listens there',
  EACCES: 'may not be listened on by this user: give a port above 1023 with PORT or METRICS_PORT',
  EADDRNOTAVAIL: 'is no address of this machine: give another with HOST or METRICS_HOST',
};

/** The reason why a service can't listen, in one line for the operator; undefined for errors of any other kind. */
export function explainListen(error: unknown): string | undefined {
  if (!(error instanceof Error && 'syscall' in error && error.syscall === 'listen')) return undefined;
  if (!('code' in error && 'address' in error && 'port' in error)) return undefined;
  const code = String(error.code);
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : `can't be listened on: ${code}`;
  return `${String(error.address)}:${String(error.port)} ${reason}.`;
}
