/** Something that the launcher started and therefore has to stop. */
export interface Started {
  readonly name: string;
  /** Absent for what is no process of this machine. */
  readonly pid?: number | undefined;
  /** Ends it in good order. Resolves once it is gone. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
  /** Resolves when it ends without having been asked to, with what to tell about it. Absent: nobody watches it. */
  readonly died?: Promise<string>;
}

/** The context that is handed to whatever starts something. */
export interface StartContext {
  /** To be told of each thing before it can be left behind: as soon as it may run, ready or not. */
  readonly register: (started: Started) => void;
  /** Aborted when the person asks to stop. */
  readonly signal: AbortSignal;
}
