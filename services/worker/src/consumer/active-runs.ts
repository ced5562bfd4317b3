import type { Frame } from '@sluice/protocol';

/** A run of a request as the rest of the worker steers it. */
export interface ActiveRun {
  readonly ingressId: string;
  /** Closes the upstream's socket; the run then ends by itself. */
  readonly signal: AbortSignal;
  /** Calls back whenever reading must stop (`true`) or may go on, because the client can't keep up; at once if it must now. */
  onHold(listener: (isHeld: boolean) => void): void;
  close(): void;
}

/** Every run of this process, and what ingresses may tell it. */
export interface ActiveRuns {
  open(run: { readonly requestId: string; readonly epoch: number; readonly ingressId: string }): ActiveRun;
  /** A control frame from an ingress. Unknown runs are over: ignored. */
  control(frame: Frame): void;
  /** An ingress is gone, and all its clients with it. */
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

const nameOf = ({ requestId, epoch }: { requestId: string; epoch: number }): string => `${requestId}.${epoch}`;

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
      const name = nameOf(run);
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
      const entry = entries.get(nameOf(frame));
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
