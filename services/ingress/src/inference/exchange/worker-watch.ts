import type { Liveness } from '@sluice/relay';

/** Tells those who wait for a worker that it is gone. */
export interface WorkerWatch {
  add(workerId: string, onLost: () => void): void;
  remove(workerId: string, onLost: () => void): void;
  /** This worker is gone: found by its silence, or by its missing mailbox. */
  lost(workerId: string): void;
}

export function createWorkerWatch(liveness: () => Pick<Liveness, 'watch' | 'unwatch'>): WorkerWatch {
  const watchers = new Map<string, Set<() => void>>();
  return {
    add(workerId, onLost) {
      let those = watchers.get(workerId);
      if (those === undefined) {
        those = new Set();
        watchers.set(workerId, those);
        liveness().watch(workerId);
      }
      those.add(onLost);
    },
    remove(workerId, onLost) {
      const those = watchers.get(workerId);
      if (those === undefined || !those.delete(onLost) || those.size > 0) return;
      watchers.delete(workerId);
      liveness().unwatch(workerId);
    },
    lost(workerId) {
      const those = watchers.get(workerId);
      watchers.delete(workerId);
      for (const onLost of those ?? []) onLost();
    },
  };
}
