/** A period in which the lines of a log are lost. */
interface Outage {
  begin(error: unknown): void;
  /** Counts one more lost line. */
  count(): void;
  end(): void;
}

/** Reports each outage twice: at its start, and at its end with the number of lost lines. */
export function createOutage(path: string, say: (text: string) => void): Outage {
  let isTold = false;
  let lost = 0;
  return {
    begin(error) {
      if (isTold) return;
      isTold = true;
      say(`The log ${path} can't be written any more: ${error instanceof Error ? error.message : String(error)}`);
    },
    count() {
      lost += 1;
    },
    end() {
      if (!isTold) return;
      say(`The log ${path} is written again; ${lost === 1 ? '1 line is' : `${lost} lines are`} missing.`);
      isTold = false;
      lost = 0;
    },
  };
}
