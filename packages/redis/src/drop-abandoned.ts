import type { Cluster, Command, Redis } from 'ioredis';

/**
 * Does not send commands whose caller has given up. ioredis keeps a timed-out command in its queue for the next
 * connection and sends it then: a job would be stored after its client had received an error.
 *
 * A pipeline is sent as a whole or not at all; its commands stay together.
 *
 * @param timeoutMs time after which a caller gives up; absent: never
 */
export function dropAbandoned(connection: Redis, timeoutMs?: number): void {
  const send = connection.sendCommand.bind(connection);
  const limit = timeoutMs === undefined ? undefined : createTimeLimit(timeoutMs);
  connection.sendCommand = (command, stream) => {
    limit?.(command);
    return command.isSettled && stream === undefined ? command.promise : send(command, stream);
  };
}

/** Does the same for commands that wait for a whole cluster, where ioredis has no timeout. */
export function limitWaiting(cluster: Cluster, timeoutMs: number): void {
  const send = cluster.sendCommand.bind(cluster);
  const limit = createTimeLimit(timeoutMs);
  cluster.sendCommand = (command, ...where) => {
    limit(command);
    return command.isSettled && where[0] === undefined ? command.promise : send(command, ...where);
  };
}

interface Limited {
  readonly command: Command;
  readonly dueAt: number;
}

/** Settled commands that are kept in front of the list until it is cut. */
const longestFront = 256;

/**
 * Returns a function that fails a command after this time. One timer serves all commands of a connection: they have the
 * same limit, so they fall due in the order in which they came, and nearly all are answered in that order. ioredis's own
 * `commandTimeout` creates and removes a timer for each command, a tenth of the command's cost.
 */
function createTimeLimit(timeoutMs: number): (command: Command) => void {
  const list: Limited[] = [];
  let front = 0;
  let timer: NodeJS.Timeout | undefined;

  /** Forgets the settled commands, whose arguments may be large. Returns the first that is not settled. */
  function firstOpen(): Limited | undefined {
    while (list[front]?.command.isSettled === true) front++;
    if (front === list.length || front > longestFront) {
      if (front === list.length) list.length = 0;
      else list.splice(0, front);
      front = 0;
    }
    return list[front];
  }

  function check(): void {
    timer = undefined;
    const now = performance.now();
    for (let first = firstOpen(); first !== undefined; first = firstOpen()) {
      if (first.dueAt > now) return wait(first.dueAt - now);
      front++;
      first.command.reject(new Error('Command timed out'));
    }
  }

  function wait(ms: number): void {
    // The connection keeps the process alive, by its socket or by the timer of its next attempt.
    timer = setTimeout(check, Math.ceil(ms)).unref();
  }

  return (command) => {
    firstOpen();
    list.push({ command, dueAt: performance.now() + timeoutMs });
    if (timer === undefined) wait(timeoutMs);
  };
}
