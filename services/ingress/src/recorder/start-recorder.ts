import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createTroubleLog, type Logger } from '@sluice/telemetry';
import { noCounts, type RecorderMessage, type RecorderState, type StopMessage, streamNames } from './recorder-state.ts';
import type { RecorderSettings } from './recorder-settings.ts';

/** The recorder of this ingress, in a thread of its own. */
export interface RecorderThread {
  /** The newest state that the thread has told, with the counts of its predecessors; undefined before that and after a crash. */
  state(): RecorderState | undefined;
  /** Lets it write what it has at hand. */
  stop(): Promise<void>;
}

export interface RecorderThreadNeeds {
  readonly settings: RecorderSettings;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** For tests. */
  readonly file?: URL;
}

/** A page of entries takes some MB; without a limit a fault here would take the memory of the ingress. */
const resourceLimits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 };
const firstRestartMs = 1000;
const longestRestartMs = 60_000;
/** A thread that lived longer starts again at once when it crashes. */
const steadyMs = 120_000;
const stopTimeoutMs = 3000;

/** This file is compiled or not, and the thread's is then the same. */
const ownFile = new URL(`./thread${extname(new URL(import.meta.url).pathname)}`, import.meta.url);

/** Starts the recorder, and again with growing pauses when it crashes. The ingress serves requests meanwhile. */
export function startRecorderThread(needs: RecorderThreadNeeds): RecorderThread {
  const { settings, logger, now, file = ownFile } = needs;
  const onTrouble = createTroubleLog(logger, 'recorder trouble', now);
  let state: RecorderState | undefined;
  let before = totals();
  let thread: Worker;
  let restart: NodeJS.Timeout | undefined;
  let crashes = 0;
  let isStopping = false;

  function start(): void {
    const startedAt = now();
    thread = new Worker(file, {
      name: 'recorder',
      workerData: settings,
      resourceLimits,
      // Without the telemetry that the ingress preloads: the recorder belongs to no request.
      execArgv: process.execArgv.filter((argument) => argument.startsWith('--conditions')),
    });
    thread.unref();
    thread.on('message', (message: RecorderMessage) => {
      if (message.kind === 'state') state = message.state;
      else if (message.level === 'warn') onTrouble(new Error(String(message.fields['reason'])));
      else logger[message.level]({ ...message.fields }, message.text);
    });
    thread.on('error', (error) => logger.error({ err: error }, 'the recorder has crashed; requests are not affected'));
    thread.once('exit', () => {
      if (state !== undefined) before = totals(before, state);
      state = undefined;
      if (isStopping) return;
      crashes = now() - startedAt > steadyMs ? 0 : crashes + 1;
      restart = setTimeout(start, Math.min(longestRestartMs, firstRestartMs * 2 ** Math.min(crashes - 1, 6)));
      restart.unref();
    });
  }

  start();
  return {
    state: () => (state === undefined ? undefined : { ...state, ...totals(before, state) }),
    async stop() {
      isStopping = true;
      clearTimeout(restart);
      if (thread.threadId === -1) return;
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      const message: StopMessage = { kind: 'stop' };
      thread.postMessage(message, []);
      const timer = setTimeout(() => void thread.terminate(), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

type Totals = Pick<RecorderState, 'written' | 'skipped' | 'imbalanced'>;

/** Adds the counts of threads. */
function totals(...states: readonly Totals[]): Totals {
  const written = noCounts();
  const skipped = noCounts();
  let imbalanced = 0;
  for (const state of states) {
    for (const name of streamNames) {
      written[name] += state.written[name];
      skipped[name] += state.skipped[name];
    }
    imbalanced += state.imbalanced;
  }
  return { written, skipped, imbalanced };
}
