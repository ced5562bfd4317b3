import type { IngressConfig } from '@sluice/config';
import type { IngressMetrics, Logger } from '@sluice/telemetry';
import { recorderSettings } from './recorder-settings.ts';
import type { RecorderState } from './recorder-state.ts';
import { type RecorderThread, startRecorderThread } from './start-recorder.ts';

/** The recorder of an ingress; it does nothing without a database. */
export interface IngressRecorder {
  start(): void;
  /** Undefined without a database, before the first second, and after a crash of its thread. */
  state(): RecorderState | undefined;
  /** Call it when the last requests have left their entries in Redis. */
  stop(): Promise<void>;
}

export interface IngressRecorderNeeds {
  readonly config: Pick<IngressConfig, 'redis' | 'database' | 'records'>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Pick<IngressMetrics, 'watch'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function createIngressRecorder({ config, logger, metrics, now }: IngressRecorderNeeds): IngressRecorder {
  const settings = recorderSettings(config);
  let thread: RecorderThread | undefined;
  if (settings !== undefined) {
    metrics.watch({
      recorder() {
        const state = thread?.state();
        // The metrics are then absent, which shows that nothing is known.
        if (state === undefined) throw new Error('the recorder has not told its state');
        return state;
      },
    });
  }
  return {
    start() {
      if (settings !== undefined) thread = startRecorderThread({ settings, logger, now });
    },
    state: () => thread?.state(),
    async stop() {
      await thread?.stop();
    },
  };
}
