import type { IngressMetrics } from '@sluice/telemetry';
import type { RecorderState } from './recorder-state.ts';

/** Supplies the metrics of the recorder. They are absent while its thread says nothing. */
export function watchRecorder(metrics: Pick<IngressMetrics, 'watch'>, state: () => RecorderState | undefined): void {
  metrics.watch({
    recorder() {
      const known = state();
      if (known === undefined) throw new Error('the recorder has not told its state');
      return known;
    },
  });
}
