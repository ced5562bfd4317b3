import { createServer, type AddressInfo } from 'node:net';
import { LaunchError } from './bare/launch-error.mjs';

/** Number of ports above the usual one that are tried. */
const triedPorts = 100;

export interface PortWish {
  /** The setting that names it, for messages. */
  readonly variable: string;
  readonly port: number;
  /** True if the person asked for this very port: then no other will do. */
  readonly isExplicit: boolean;
  readonly host: string;
  /** The setting that names the host. */
  readonly hostSetting: string;
  /** Ports that other parts of this start will use. */
  readonly taken: readonly number[];
}

/**
 * Finds a port to listen on: the one that is wished for or, if nobody insists on it, the next free one.
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
      // Whoever may not listen on this port may on another one; every other fault is that of the host.
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

/** A port that nobody listens on, as the system gives it. */
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
