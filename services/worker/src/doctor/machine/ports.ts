import { createServer } from 'node:net';
import { type Check, ok, problem, warning } from '../check.ts';

/** A port on which a program of Sluice listens. */
export interface WantedPort {
  /** As in `the ingress, for clients`. */
  readonly purpose: string;
  readonly host: string;
  readonly port: number;
  /** The setting of the port, for advice: `PORT`, `server.metrics_port`. */
  readonly setting: string;
  /** The setting of the host, if there is one. */
  readonly hostSetting?: string;
  /** `must`: no other port is used; `npm_start`: only `npm start` uses another; `any`: another port is used instead. */
  readonly need: 'must' | 'npm_start' | 'any';
}

export interface PortFacts extends WantedPort {
  readonly state:
    | { readonly kind: 'free' }
    /** A program of Sluice answers on the port. */
    | { readonly kind: 'ours'; readonly program: string }
    /** `holder`: name and id of the process, if this user may see it. */
    | { readonly kind: 'taken'; readonly holder: string | undefined }
    | { readonly kind: 'refused'; readonly code: string };
}

/** Ways to identify the listener of a port. */
export interface PortNeeds {
  /** The program of Sluice that answers at this address; undefined for any other. */
  readonly recognise: (host: string, port: number) => Promise<string | undefined>;
  /** The process that listens, as in `nginx (process 812)`. */
  readonly findHolder: (port: number) => Promise<string | undefined>;
}

export async function readPort(wanted: WantedPort, { recognise, findHolder }: PortNeeds): Promise<PortFacts> {
  const code = wanted.port === 0 ? undefined : await listenProblem(wanted);
  if (code === undefined) return { ...wanted, state: { kind: 'free' } };
  if (code !== 'EADDRINUSE') return { ...wanted, state: { kind: 'refused', code } };
  const program = await recognise(wanted.host, wanted.port);
  if (program !== undefined) return { ...wanted, state: { kind: 'ours', program } };
  return { ...wanted, state: { kind: 'taken', holder: await findHolder(wanted.port) } };
}

async function listenProblem({ host, port }: WantedPort): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

export function judgePort({ purpose, host, port, setting, hostSetting = setting, need, state }: PortFacts): Check {
  const id = 'ports';
  const place = `Port ${port} on ${host} (${purpose})`;
  switch (state.kind) {
    case 'free':
      return ok(id, port === 0 ? `Any free port will do for ${purpose}.` : `${place} is free.`);
    case 'ours':
      return ok(id, `${place} is in use by ${state.program} of Sluice that already runs.`);
    case 'refused': {
      // EACCES is about the port; every other error is about the host.
      const wrong = state.code === 'EACCES' ? setting : hostSetting;
      return problem(id, `${place} can't be listened on: ${refusal(state.code)}.`, `Set ${wrong} to another value.`);
    }
    case 'taken': {
      const text = `${place} is taken by ${state.holder ?? 'a process that this user may not see'}.`;
      const advice = `Set ${setting} to another port, or stop the process that listens there.`;
      if (need === 'must') return problem(id, text, advice);
      const instead = need === 'any' ? 'Another free port is used instead.' : '`npm start` takes the next free port.';
      return warning(id, `${text} ${instead}`, advice);
    }
  }
}

const refusals: Readonly<Record<string, string>> = {
  EACCES: 'this user may not listen on it; ports below 1024 are for root',
  EADDRNOTAVAIL: 'the address does not belong to this machine',
  ENOTFOUND: 'this name has no address',
};
const refusal = (code: string): string => refusals[code] ?? code;
