import { createServer } from 'node:net';
import { type Check, ok, problem, warning } from '../check.ts';

/** A port that one of our programs listens on. */
export interface WantedPort {
  /** As in `the ingress, for clients`. */
  readonly purpose: string;
  readonly host: string;
  readonly port: number;
  /** The setting that names it, for advice: `PORT`, `server.metrics_port`. */
  readonly setting: string;
  /** The setting that names the host, where one does. */
  readonly hostSetting?: string;
  /** `must`: whoever asked for this port gets no other; `npm_start`: only `npm start` takes another; `any`: another is taken. */
  readonly need: 'must' | 'npm_start' | 'any';
}

export interface PortFacts extends WantedPort {
  readonly state:
    | { readonly kind: 'free' }
    /** One of ours answers there. */
    | { readonly kind: 'ours'; readonly program: string }
    /** `holder`: name and id of the process, where this user may see it. */
    | { readonly kind: 'taken'; readonly holder: string | undefined }
    | { readonly kind: 'refused'; readonly code: string };
}

/** Ways to look at what listens. */
export interface PortNeeds {
  /** The program of ours that answers at this address; undefined for any other. */
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
      return ok(id, `${place} is in use by ${state.program} of Sluice that runs already.`);
    case 'refused': {
      // Whoever may not listen on this port may on another one; every other fault is that of the host.
      const wrong = state.code === 'EACCES' ? setting : hostSetting;
      return problem(id, `${place} can't be listened on: ${refusal(state.code)}.`, `Set ${wrong} to another value.`);
    }
    case 'taken': {
      const text = `${place} is taken by ${state.holder ?? 'a process that this user may not see'}.`;
      const advice = `Set ${setting} to another port, or stop what listens there.`;
      if (need === 'must') return problem(id, text, advice);
      const instead = need === 'any' ? 'Another free port is used instead.' : '`npm start` takes the next free port.';
      return warning(id, `${text} ${instead}`, advice);
    }
  }
}

const refusals: Readonly<Record<string, string>> = {
  EACCES: 'this user may not, ports below 1024 are for root',
  EADDRNOTAVAIL: 'this is no address of this machine',
  ENOTFOUND: 'this name has no address',
};
const refusal = (code: string): string => refusals[code] ?? code;
