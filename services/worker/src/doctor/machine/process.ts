import { execFile } from 'node:child_process';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import { type Check, ok, problem, warning } from '../check.ts';

/** The limits of Sluice's processes on this machine. */
export interface ProcessFacts {
  /** As in `v24.21.0`. */
  readonly nodeVersion: string;
  /** Memory limit of the container or control group; undefined if there is none. */
  readonly memoryLimitBytes: number | undefined;
  /** Maximum number of open files and sockets of one process; undefined if the system does not report it. */
  readonly openFiles: number | undefined;
}

/** Settings that determine the need for sockets and memory. */
export interface Demand {
  readonly maxConnections: number;
  readonly bodyBudgetBytes: number;
}

const wantedNode = 24;
const mebibyte = 1024 * 1024;
/** Memory of an ingress and a worker without requests: each takes 130 MB, and the launcher as much. */
const idleBytes = 256 * mebibyte;
/** Files for Redis, logs, pipes and the program itself. */
const spareFiles = 100;
const fewestFiles = 1024;

export async function readProcess(): Promise<ProcessFacts> {
  const limit = process.constrainedMemory();
  return {
    nodeVersion: process.version,
    memoryLimitBytes: limit > 0 && limit < totalmem() ? limit : undefined,
    openFiles: await readOpenFiles(),
  };
}

/** Reads the limit through a shell, which inherits it from Node; Node raises its soft limit to the hard limit. */
async function readOpenFiles(): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n']).catch(() => ({ stdout: '' }));
  const text = stdout.trim();
  if (text === 'unlimited') return Infinity;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** @param demand undefined if the configuration can't be read */
export function judgeProcess(facts: ProcessFacts, demand: Demand | undefined): Check[] {
  return [judgeNode(facts), judgeMemory(facts, demand), judgeOpenFiles(facts, demand)];
}

function judgeNode({ nodeVersion }: ProcessFacts): Check {
  const major = Number(/^v(\d+)\./.exec(nodeVersion)?.[1] ?? 0);
  if (major >= wantedNode) return ok('machine.node', `Sluice runs on Node ${nodeVersion.slice(1)}.`);
  return problem(
    'machine.node',
    `This is Node ${nodeVersion.slice(1)}, and Sluice needs ${wantedNode} or newer.`,
    'Run `npm run setup`, which brings Node 24, and start Sluice by its npm scripts.',
  );
}

function judgeMemory({ memoryLimitBytes: limit }: ProcessFacts, demand: Demand | undefined): Check {
  const id = 'machine.memory';
  if (limit === undefined) return ok(id, 'No container limits the memory of these processes.');
  const inMebibytes = Math.floor(limit / mebibyte);
  const text = `This container may use ${inMebibytes} MiB of memory`;
  const advice =
    'Give the container more memory (docker run --memory, resources.limits.memory), or set server.body_budget_bytes and limits.max_concurrent_requests lower.';
  if (limit < idleBytes) return problem(id, `${text}; an ingress and a worker without any request take more.`, advice);
  const wanted = idleBytes + (demand?.bodyBudgetBytes ?? 0);
  if (limit < wanted) {
    return warning(
      id,
      `${text}; an ingress that holds server.body_budget_bytes of requests needs ${Math.ceil(wanted / mebibyte)} MiB.`,
      advice,
    );
  }
  return ok(id, `${text}, which is enough for an ingress and a worker.`);
}

function judgeOpenFiles({ openFiles }: ProcessFacts, demand: Demand | undefined): Check {
  const id = 'machine.open_files';
  if (openFiles === undefined) return ok(id, 'This system does not tell how many files a process may open.');
  if (openFiles === Infinity) return ok(id, 'A process may open any number of files and sockets.');
  const text = `A process may open ${openFiles} files and sockets`;
  const wanted = (demand?.maxConnections ?? 0) + spareFiles;
  const advice = (count: number): string =>
    `Run \`ulimit -n ${count}\` before the start (systemd: LimitNOFILE=${count}; docker run --ulimit nofile=${count}).`;
  if (openFiles < fewestFiles) return problem(id, `${text}, and each stream takes one.`, advice(65_536));
  if (openFiles < wanted) {
    return warning(
      id,
      `${text}; server.max_connections allows ${demand?.maxConnections} clients.`,
      `${advice(65_536)} Or set server.max_connections to ${openFiles - spareFiles}.`,
    );
  }
  return ok(id, `${text}, which is enough.`);
}
