import type { Liveness } from '@sluice/relay';

/** Reports the loss of a worker to the requests that it runs. */
export interface WorkerWatch {
  add(workerId: string, onLost: () => void): void;
  remove(workerId: string, onLost: () => void): void;
  /** Called for a lost worker: it is silent, or its mailbox is missing. */
  lost(workerId: string): void;
}

export function createWorkerWatch(liveness: Pick<Liveness, 'watch' | 'unwatch'>): WorkerWatch {
  const watchers = new Map<string, Set<() => void>>();
  return {
    add(workerId, onLost) {
      let callbacks = watchers.get(workerId);
      if (callbacks === undefined) {
        callbacks = new Set();
        watchers.set(workerId, callbacks);
        liveness.watch(workerId);
      }
      callbacks.add(onLost);
    },
    remove(workerId, onLost) {
      const callbacks = watchers.get(workerId);
      if (callbacks === undefined || !callbacks.delete(onLost) || callbacks.size > 0) return;
      watchers.delete(workerId);
      liveness.unwatch(workerId);
    },
    lost(workerId) {
      const callbacks = watchers.get(workerId);
      watchers.delete(workerId);
      for (const onLost of callbacks ?? []) onLost();
    },
  };
}
