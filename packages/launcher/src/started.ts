/** Something that the launcher started and must stop. */
export interface Started {
  readonly name: string;
  /** Absent for something that does not run as a process of this machine, such as a container. */
  readonly pid?: number | undefined;
  /** Ends it in good order. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
  /** Resolves with a report when it ends without a call of `stop` or `kill`. Absent if its end is not watched. */
  readonly died?: Promise<string>;
}

/** The needs of a function that starts something. */
export interface StartContext {
  /** Called for each thing as soon as it may run, ready or not, so that it is always stopped. */
  readonly register: (started: Started) => void;
  /** Aborted when the person asks to stop. */
  readonly signal: AbortSignal;
}
