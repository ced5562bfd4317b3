import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { z } from 'zod';
import { ask } from './ask.ts';
import type { Target } from './load.ts';
import { ownColumns, type Peer } from './peer-arguments.ts';
import { isMeasurable } from './process-cost.ts';
import type { Setup } from './setup.ts';
import { chat } from './surfaces.ts';

/** A target whose processes are measured too. */
export interface MeasuredTarget extends Target {
  /** Roots of the trees of all processes between client and upstream. */
  readonly pids: readonly number[];
  /** True for a gateway of others, whose errors mark its figures and do not make the command fail. */
  readonly isPeer: boolean;
}

export interface Targets {
  readonly direct: MeasuredTarget;
  readonly sluice: MeasuredTarget;
  readonly peers: readonly MeasuredTarget[];
}

const peerTimeoutMs = 10_000;
const portMessage = z.object({ port: z.number() });

/** Returns the targets that run already. */
export function targetsOf({ upstreamUrl, gateway }: Setup, peers: readonly Peer[]): Targets {
  const ours = { model: 'demo', isPeer: false };
  return {
    direct: { ...ours, name: ownColumns.direct, url: upstreamUrl, apiKey: 'sim', pids: [] },
    sluice: { ...ours, name: ownColumns.sluice, ...gateway },
    peers: peers.map((peer) => ({ ...peer, isPeer: true })),
  };
}

/** Starts the plain proxy, which ends with this process. */
export async function startPlainProxy(upstreamUrl: string): Promise<MeasuredTarget> {
  const proxy = fork(fileURLToPath(new URL('./plain-proxy.js', import.meta.url)), [upstreamUrl]);
  const [message] = await once(proxy, 'message');
  const { port } = portMessage.parse(message);
  // The channel lets the proxy notice this process's end; it must not prevent that end.
  proxy.unref();
  proxy.channel?.unref();
  return {
    name: ownColumns.proxy,
    url: `http://127.0.0.1:${port}/v1`,
    apiKey: 'sim',
    model: 'demo',
    pids: proxy.pid === undefined ? [] : [proxy.pid],
    isPeer: false,
  };
}

/** Sends each peer one request. Returns the problems, which name the argument. */
export async function problemsOf(peers: readonly MeasuredTarget[], upstreamUrl: string): Promise<string[]> {
  const agent = new Agent({ headersTimeout: peerTimeoutMs, bodyTimeout: peerTimeoutMs });
  const problems: string[] = [];
  for (const peer of peers) {
    for (const pid of peer.pids.filter((each) => process.platform === 'linux' && !isMeasurable(each))) {
      problems.push(`--peer-pid: no process ${pid} runs`);
    }
    const question = { ...peer, surface: chat, stream: false, promptBytes: 0, rid: 'first', tokens: 4 };
    await ask(agent, { ...question, model: `${peer.model}-t4` }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      problems.push(
        `--peer: ${peer.name} gives no good answer at ${peer.url}${chat.path}: ${reason}. ` +
          `It must run, and pass ${peer.model}-t4 on to ${upstreamUrl} (--upstream-port fixes its port)`,
      );
    });
  }
  await agent.close();
  return problems;
}
