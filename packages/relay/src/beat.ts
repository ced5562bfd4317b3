export interface Beat {
  start(): void;
  /** Resolves when the action that runs has ended. */
  stop(): Promise<void>;
}

export interface BeatNeeds {
  readonly act: () => Promise<unknown>;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** Runs an action again and again, never two at once. */
export function createBeat({ act, everyMs, onError }: BeatNeeds): Beat {
  let timer: NodeJS.Timeout | undefined;
  let acting: Promise<void> | undefined;
  return {
    start() {
      timer = setInterval(() => {
        acting ??= act()
          .then(() => undefined, onError)
          .finally(() => (acting = undefined));
      }, everyMs);
    },
    async stop() {
      clearInterval(timer);
      await acting;
    },
  };
}
