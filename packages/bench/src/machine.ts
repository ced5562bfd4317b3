import { cpus } from 'node:os';

/** Facts about this machine that figures depend on. */
export const machineOf = (): object => ({
  cpus: cpus().length,
  model: cpus()[0]?.model,
  node: process.version,
  platform: process.platform,
});
