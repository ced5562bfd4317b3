import type { Cluster, Redis } from 'ioredis';

/**
 * Does not send commands whose caller has given up. ioredis keeps a timed-out command in its queue for the next
 * connection and sends it then: a job would be stored after its client had received an error.
 *
 * A pipeline is sent as a whole or not at all; its commands stay together.
 */
export function dropAbandoned(connection: Redis): void {
  const send = connection.sendCommand.bind(connection);
  connection.sendCommand = (command, stream) =>
    command.isSettled && stream === undefined ? command.promise : send(command, stream);
}

/** Does the same for commands that wait for a whole cluster, where ioredis has no timeout. */
export function limitWaiting(cluster: Cluster, timeoutMs: number): void {
  const send = cluster.sendCommand.bind(cluster);
  cluster.sendCommand = (command, ...where) => {
    command.setTimeout(timeoutMs);
    return command.isSettled && where[0] === undefined ? command.promise : send(command, ...where);
  };
}
