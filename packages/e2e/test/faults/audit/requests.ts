import { type AuditProvider, providers } from './providers.ts';

/** One request of the audit. */
export interface AuditRequest {
  /** Name of the request in the prompt, in the bill, and as the id of its session in the ledger. */
  readonly rid: string;
  readonly provider: AuditProvider;
  readonly path: string;
  readonly body: object;
  /** The client leaves after so many events or, before the first, milliseconds. Undefined: it stays. */
  readonly leaves: { readonly afterEvents: number; readonly afterMs: number } | undefined;
}

/** Returns numbers from 0 up to 1, the same ones for the same seed: mulberry32. */
export function createDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Faults of the first try, which a second one hides. */
const faults = ['e429-rms20-n1', 'e500-n1', 'e503-n1', 'resetearly-n1'] as const;
/** Those that break a stream. A whole answer that breaks tells nothing about the tokens that it has cost. */
const streamFaults = [...faults, 'reset-k3-n1', 'cut-k4-n1'] as const;
const abortedShare = 0.3;
const faultyShare = 0.15;

/** Plans the requests of a seed. */
export function planRequests(count: number, dice: () => number, aborted = abortedShare): readonly AuditRequest[] {
  return Array.from({ length: count }, (_, at) => planRequest(`a${at}x`, dice, aborted));
}

function planRequest(rid: string, dice: () => number, aborted: number): AuditRequest {
  const below = (most: number): number => Math.floor(dice() * most);
  const provider = providers[below(providers.length)] ?? providers[0];
  if (provider === undefined) throw new Error('the audit has no providers');
  const leaves = dice() < aborted ? { afterEvents: below(40), afterMs: 1 + below(150) } : undefined;
  if (provider.operation === 'embeddings') {
    const texts = Array.from(
      { length: dice() < 0.3 ? 101 + below(150) : 1 + below(20) },
      (_, at) => `rid=${rid} ${at}`,
    );
    // A name without directives: real providers know few models for embeddings.
    const body = { model: modelOf(provider, []), input: texts };
    return { rid, provider, path: '/embeddings', body, leaves };
  }
  const stream = dice() < 0.7;
  const possible = stream ? streamFaults : faults;
  const fault = dice() < faultyShare ? [possible[below(possible.length)] ?? ''] : [];
  // Providers tell what they have read from their caches at the end, so that no estimate can know it.
  const hasCaches = leaves === undefined && fault.length === 0;
  const directives = [
    // At the pace of a usual model: less than a token is on its way when a client leaves.
    `t${1 + below(60)}`,
    `i${30 + below(30)}`,
    ...(dice() < 0.3 ? [`q${1 + below(10)}`] : []),
    ...(hasCaches && dice() < 0.3 ? [`cr${1 + below(20)}`] : []),
    ...(hasCaches && dice() < 0.2 ? [`cw${1 + below(20)}`] : []),
    ...fault,
  ];
  const content = `rid=${rid} ${'What do the words of this prompt cost? '.repeat(below(30))}`;
  const asksUsage = stream && dice() < 0.5 ? { stream_options: { include_usage: true } } : {};
  const messages = [{ role: 'user', content }];
  const body = { model: modelOf(provider, directives), stream, messages, ...asksUsage };
  return { rid, provider, path: '/chat/completions', body, leaves };
}

const modelOf = ({ model }: AuditProvider, directives: readonly string[]): string =>
  model.endsWith('-') ? `${model}${[...directives].join('-')}` : model;
