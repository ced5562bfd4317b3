/** @type {readonly NodeJS.Signals[]} */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * One Ctrl-C reaches a child of npm twice: the terminal signals the whole process group, and npm passes the signal on
 * to its child. What arrives this soon after another is taken for the same wish.
 */
const sameWishMs = 500;

/**
 * Calls `listener` once for each wish to stop.
 *
 * @param {(signal: NodeJS.Signals) => void} listener
 * @returns {() => void} stops listening
 */
export function onStopSignal(listener) {
  let heardAt = Number.NEGATIVE_INFINITY;
  /** @param {NodeJS.Signals} signal */
  const hear = (signal) => {
    const now = performance.now();
    if (now - heardAt < sameWishMs) return;
    heardAt = now;
    listener(signal);
  };
  for (const signal of stopSignals) process.on(signal, hear);
  return () => {
    for (const signal of stopSignals) process.off(signal, hear);
  };
}

const parentPollMs = 250;

/**
 * Takes the end of the parent process for a wish to stop. npm runs a script in a shell, and a shell that is told to stop
 * (by npm, or with npm killed) doesn't tell the script.
 */
export function stopWithParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, parentPollMs);
  timer.unref();
}
