import { type Directive, type FaultDirective, isFault, type Setting } from './directives.ts';

/** A fault of an answer. */
export interface Fault {
  readonly name: FaultDirective['name'];
  /** HTTP status of `e`, index of the phrase of `busy`, megabytes of `huge`; otherwise 0. */
  readonly value: number;
}

/** A fault that consists of an error answer. */
export interface StatusFault extends Fault {
  readonly name: 'e' | 'busy' | 'ctxlen' | 'policy' | 'quota';
}

/** Behaviour of one answer: the combined effect of its directives. */
export interface Behaviour {
  readonly tokens: number;
  /** Interval between two tokens, in ms; a fraction if microseconds were requested. */
  readonly gapMs: number;
  /** Delay before any kind of answer, in ms. */
  readonly firstTokenMs: number;
  readonly padBytes: number;
  readonly reasoningTokens: number;
  /** Largest numbers of tokens of the prompt that are read from the cache, and written into it. */
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Number of tokens before the fault; a shorter answer fails after its last token. */
  readonly faultAfterTokens: number;
  readonly retryAfterSeconds: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** Set if each token is a separate write, even without a pause between tokens. */
  readonly isEachAlone: boolean;
  readonly hasPings: boolean;
  readonly hasCrlf: boolean;
  readonly isSplit: boolean;
  readonly isMultiByte: boolean;
  readonly hasParallelCalls: boolean;
  /** Number of the try if each try has another text; 0 = the same text every time. */
  readonly drift: number;
  /** Set if requests with a trailing assistant message are refused. */
  readonly refusesPrefill: boolean;
  readonly fault: Fault | undefined;
}

/** Position of a call among other calls, for faults that affect only some calls. */
export interface CallStanding {
  /** Number of earlier calls with the same conversation. */
  readonly earlierTries: number;
  /** Number from 0 to 99, equal for the same conversation. */
  readonly percentile: number;
}

const statusFaultNames: ReadonlySet<string> = new Set<StatusFault['name']>(['e', 'busy', 'ctxlen', 'policy', 'quota']);

type Draft = { -readonly [Key in keyof Behaviour]: Behaviour[Key] };
interface ConditionalFault extends Fault {
  firstTries: number;
  percent: number;
}

/**
 * Computes the behaviour; a later directive overrides an earlier one. `n` and `p` limit the preceding fault. If they
 * exclude it, the fault before it applies, so that `e503-n2-e429-n1` gives 429, 503, then an answer.
 */
export function behaviourOf(directives: readonly Directive[], standing: CallStanding): Behaviour {
  const draft: Draft = {
    tokens: 16,
    gapMs: 0,
    firstTokenMs: 0,
    padBytes: 0,
    reasoningTokens: 0,
    cacheRead: 0,
    cacheWrite: 0,
    faultAfterTokens: 2,
    retryAfterSeconds: undefined,
    retryAfterMs: undefined,
    isEachAlone: false,
    hasPings: false,
    hasCrlf: false,
    isSplit: false,
    isMultiByte: false,
    hasParallelCalls: false,
    drift: 0,
    refusesPrefill: false,
    fault: undefined,
  };
  const faults: ConditionalFault[] = [];
  for (const directive of directives) {
    if (!isFault(directive)) set(directive, { draft, limited: faults.at(-1), standing });
    else faults.push({ name: directive.name, value: valueOf(directive), firstTries: Infinity, percent: 100 });
  }
  const fault = faults.findLast(
    ({ firstTries, percent }) => standing.earlierTries < firstTries && standing.percentile < percent,
  );
  return { ...draft, fault: fault && { name: fault.name, value: fault.value } };
}

/** Returns whether a fault consists of an error answer. */
export function isStatusFault(fault: Fault): fault is StatusFault {
  return statusFaultNames.has(fault.name);
}

function valueOf(directive: FaultDirective): number {
  return 'value' in directive ? directive.value : 0;
}

interface Place {
  readonly draft: Draft;
  readonly limited: ConditionalFault | undefined;
  readonly standing: CallStanding;
}

function set(setting: Setting, { draft, limited, standing }: Place): void {
  switch (setting.name) {
    case 't':
      draft.tokens = setting.value;
      return;
    case 'i':
      draft.gapMs = setting.value;
      return;
    case 'u':
      draft.gapMs = setting.value / 1000;
      return;
    case 'f':
      draft.firstTokenMs = setting.value;
      return;
    case 's':
      draft.padBytes = setting.value;
      return;
    case 'q':
      draft.reasoningTokens = setting.value;
      return;
    case 'cr':
      draft.cacheRead = setting.value;
      return;
    case 'cw':
      draft.cacheWrite = setting.value;
      return;
    case 'k':
      draft.faultAfterTokens = setting.value;
      return;
    case 'r':
      draft.retryAfterSeconds = setting.value;
      return;
    case 'rms':
      draft.retryAfterMs = setting.value;
      return;
    case 'n':
      if (limited) limited.firstTries = setting.value;
      return;
    case 'p':
      if (limited) limited.percent = setting.value;
      return;
    case 'each':
      draft.isEachAlone = true;
      return;
    case 'ping':
      draft.hasPings = true;
      return;
    case 'crlf':
      draft.hasCrlf = true;
      return;
    case 'split':
      draft.isSplit = true;
      return;
    case 'utf8':
      draft.isMultiByte = true;
      return;
    case 'parallel':
      draft.hasParallelCalls = true;
      return;
    case 'drift':
      draft.drift = standing.earlierTries;
      return;
    case 'noprefill':
      draft.refusesPrefill = true;
      return;
  }
}
