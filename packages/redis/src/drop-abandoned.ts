import type { Cluster, Redis } from 'ioredis';

/**
 * Does not send what nobody waits for any more. ioredis keeps a command whose time is up among those that wait for a
 * connection and sends it with the next one: a job would be stored whose client has had its error.
 *
 * A pipeline is sent as a whole or not at all; its commands stay together.
 */
export function dropAbandoned(connection: Redis): void {
  const send = connection.sendCommand.bind(connection);
  connection.sendCommand = (command, stream) =>
    command.isSettled && stream === undefined ? command.promise : send(command, stream);
}

/** The same for what waits for a whole cluster, where ioredis knows of no time-out. */
export function limitWaiting(cluster: Cluster, timeoutMs: number): void {
  const send = cluster.sendCommand.bind(cluster);
  cluster.sendCommand = (command, ...where) => {
    command.setTimeout(timeoutMs);
    return command.isSettled && where[0] === undefined ? command.promise : send(command, ...where);
  };
}
