import type { Frame } from '@sluice/protocol';
import { runName } from './run-name.ts';

/** The controls of a run. */
export interface ActiveRun {
  readonly ingressId: string;
  /** Closes the upstream's socket; the run then ends by itself. */
  readonly signal: AbortSignal;
  /** Calls back when reading must stop (`true`) because the client is too slow, or may resume; at once if held now. */
  onHold(listener: (isHeld: boolean) => void): void;
  close(): void;
}

/** All runs of this process, and the control frames for them. */
export interface ActiveRuns {
  open(run: { readonly requestId: string; readonly epoch: number; readonly ingressId: string }): ActiveRun;
  /** Handles a control frame from an ingress. Ignores unknown runs: they are over. */
  control(frame: Frame): void;
  /** Aborts all runs of an ingress that is gone with its clients. */
  abortAllOf(ingressId: string): void;
  abortAll(reason: AbortReason): void;
  hasRunsOf(ingressId: string): boolean;
  readonly size: number;
}

/** The reason of an abort: `cancelled` by the client, `ingress_lost`, or `draining` when a shutdown's grace is over. */
export type AbortReason = 'cancelled' | 'ingress_lost' | 'draining';

interface Entry {
  readonly ingressId: string;
  readonly abort: (reason: AbortReason) => void;
  isHeld: boolean;
  onHold: (isHeld: boolean) => void;
}

function hold(entry: Entry | undefined, isHeld: boolean): void {
  if (entry === undefined) return;
  entry.isHeld = isHeld;
  entry.onHold(isHeld);
}

export function createActiveRuns(): ActiveRuns {
  const entries = new Map<string, Entry>();
  /** Number of runs by ingress. */
  const counts = new Map<string, number>();
  function count(ingressId: string, more: 1 | -1): void {
    const runs = (counts.get(ingressId) ?? 0) + more;
    if (runs === 0) counts.delete(ingressId);
    else counts.set(ingressId, runs);
  }
  const abortWhere = (reason: AbortReason, matches: (entry: Entry) => boolean): void => {
    for (const entry of entries.values()) if (matches(entry)) entry.abort(reason);
  };
  return {
    open(run) {
      const controller = new AbortController();
      const entry: Entry = {
        ingressId: run.ingressId,
        abort: (reason) => controller.abort(reason),
        isHeld: false,
        onHold: () => undefined,
      };
      const name = runName(run);
      if (!entries.has(name)) count(run.ingressId, 1);
      entries.set(name, entry);
      return {
        ingressId: run.ingressId,
        signal: controller.signal,
        onHold(listener) {
          entry.onHold = listener;
          if (entry.isHeld) listener(true);
        },
        close() {
          if (entries.delete(name)) count(run.ingressId, -1);
        },
      };
    },

    control(frame) {
      const entry = entries.get(runName(frame));
      if (frame.kind === 'cancel') entry?.abort('cancelled');
      if (frame.kind === 'pause') hold(entry, true);
      if (frame.kind === 'resume') hold(entry, false);
    },

    abortAllOf: (ingressId) => abortWhere('ingress_lost', (entry) => entry.ingressId === ingressId),
    abortAll: (reason) => abortWhere(reason, () => true),
    hasRunsOf: (ingressId) => counts.has(ingressId),
    get size() {
      return entries.size;
    },
  };
}
