/** A time in which the lines of a log are lost. */
interface Outage {
  begin(error: unknown): void;
  /** One more line is lost. */
  count(): void;
  end(): void;
}

/** Says once that lines are lost, and once how many there were. */
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
