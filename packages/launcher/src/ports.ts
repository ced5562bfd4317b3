import { createServer, type AddressInfo } from 'node:net';
import { LaunchError } from './bare/launch-error.mjs';

/** Number of ports above the default one that are tried. */
const triedPorts = 100;

export interface PortWish {
  /** The setting of the port, for messages. */
  readonly variable: string;
  readonly port: number;
  /** True if the person chose this port; then no other is tried. */
  readonly isExplicit: boolean;
  readonly host: string;
  /** The setting of the host, for messages. */
  readonly hostSetting: string;
  /** Ports already chosen for other services of this start. */
  readonly taken: readonly number[];
}

/**
 * Finds a port to listen on: the wanted one or, unless it is explicit, the next free one.
 *
 * @throws LaunchError
 */
export async function choosePort({ variable, port, isExplicit, host, hostSetting, taken }: PortWish): Promise<number> {
  if (port === 0) {
    const problem = await listenProblem(0, host);
    if (problem !== undefined) throw new LaunchError(`${hostSetting}: can't listen on ${host} (${problem}).`);
    return await anyFreePort(host);
  }
  const last = isExplicit ? port : Math.min(port + triedPorts, 65_535);
  for (let candidate = port; candidate <= last; candidate += 1) {
    const problem = taken.includes(candidate) ? 'EADDRINUSE' : await listenProblem(candidate, host);
    if (problem === undefined) return candidate;
    if (problem !== 'EADDRINUSE') {
      // EACCES concerns this port: another one may be allowed. Every other error concerns the host.
      if (problem === 'EACCES') throw new LaunchError(`${variable}: can't listen on port ${candidate} (${problem}).`);
      throw new LaunchError(`${hostSetting}: can't listen on ${host} (${problem}).`);
    }
  }
  throw new LaunchError(
    isExplicit
      ? `${variable}: port ${port} is in use on ${host}. Set ${variable} to another one, or free it.`
      : `${variable}: no free port from ${port} to ${last} on ${host}.`,
  );
}

/** Returns a free port that the system chooses. */
export async function anyFreePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @returns the code of the error with which listening fails, or undefined if it works */
async function listenProblem(port: number, host: string): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
