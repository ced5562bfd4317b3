/** @type {readonly NodeJS.Signals[]} */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Time within which a second signal counts as the same one. One Ctrl-C reaches a child of npm twice: the terminal signals
 * the whole process group, and npm passes the signal on to its child.
 */
const sameWishMs = 500;

/**
 * Calls `listener` once for each Ctrl-C or other stop signal.
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
 * Stops this process when its parent ends. npm runs a script in a shell, and a shell that ends (by npm's signal, or with
 * npm killed) does not pass the signal on to the script.
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
