const running = new Set<string>();

/** Keeps the name of something that runs; call the result when it has ended. Names are unique: they hold a process id. */
export function noteRunning(name: string): () => void {
  running.add(name);
  return () => void running.delete(name);
}

/** Returns the processes and servers that this test file has started and that still run. */
export function stillRunning(): readonly string[] {
  const servers = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap');
  return [...running, ...servers.map(() => 'a server that listens on a port of the test process')];
}
