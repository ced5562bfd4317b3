const refreshMs = 100;
/** Without a live terminal, a step shorter than this prints one line. */
const briefMs = 1000;
const reminderMs = 10_000;

/**
 * @typedef {object} Terminal
 * @property {(text: string) => void} say prints whole lines, above a running step
 * @property {<T>(label: string, work: (note: (text: string) => void) => Promise<T>) => Promise<T>} step shows the label
 *   and the elapsed time; `note` replaces the few words after them
 * @property {boolean} isColoured
 */

/**
 * Prints the progress of the set-up. On a live terminal a step is one line with a running clock; elsewhere (a file, CI)
 * it is a plain line every 10 s, and one at its end.
 *
 * @param {{
 *   readonly stream: { write(text: string): unknown, readonly columns?: number },
 *   readonly isLive: boolean,
 *   readonly isColoured?: boolean,
 * }} screen
 * @returns {Terminal}
 */
export function createTerminal({ stream, isLive, isColoured = false }) {
  let liveLine = '';

  /** @param {string} line */
  const draw = (line) => {
    const width = (stream.columns || 80) - 1;
    liveLine = line.length > width ? `${line.slice(0, width - 1)}…` : line;
    stream.write(`\r\u001B[2K${liveLine}`);
  };

  /** @param {string} text */
  const say = (text) => {
    if (liveLine === '') stream.write(`${text}\n`);
    else stream.write(`\r\u001B[2K${text}\n${liveLine}`);
  };

  /** @type {Terminal['step']} */
  const step = async (label, work) => {
    const startedAt = performance.now();
    const elapsed = () => inSeconds(performance.now() - startedAt);
    let latestNote = '';
    const progress = () => [`${label} …`, elapsed(), latestNote].filter((part) => part !== '').join(' ');
    let remindAtMs = briefMs;
    const remind = () => {
      if (performance.now() - startedAt < remindAtMs) return;
      remindAtMs += reminderMs;
      say(progress());
    };

    /** @param {string} outcome */
    const finish = (outcome) => {
      if (isLive) stream.write('\r\u001B[2K');
      liveLine = '';
      say(`${label}: ${outcome} ${elapsed()}`);
    };

    const timer = isLive ? setInterval(() => draw(progress()), refreshMs) : setInterval(remind, briefMs);
    try {
      const result = await work((text) => {
        latestNote = text.trim();
      });
      clearInterval(timer);
      finish('done in');
      return result;
    } catch (error) {
      clearInterval(timer);
      finish('failed after');
      throw error;
    }
  };

  return { say, step, isColoured };
}

/**
 * The terminal of this process: stderr, so that stdout holds results alone.
 *
 * @param {NodeJS.ProcessEnv} env `CI` asks for plain lines
 */
export function openTerminal(env) {
  // Closing the terminal sends a hang-up signal; its write errors must not break the shutdown that the signal began.
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
  const { stderr } = process;
  // `hasColors` obeys NO_COLOR and the terminal's own description.
  const isColoured = stderr.isTTY && stderr.hasColors(env);
  return createTerminal({ stream: stderr, isLive: stderr.isTTY && !env['CI'], isColoured });
}

/** @param {number} durationMs */
function inSeconds(durationMs) {
  const seconds = durationMs / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
