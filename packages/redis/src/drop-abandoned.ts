import type { Cluster, Redis } from 'ioredis';
import { type CommandTimeouts, longestWaitMs } from './command-timeouts.ts';

/**
 * Does not send commands whose caller has given up. ioredis keeps a timed-out command in its queue for the next
 * connection and sends it then: a job would be stored after its client had received an error.
 *
 * A pipeline is sent as a whole or not at all; its commands stay together.
 */
export function dropAbandoned(connection: Redis, timeouts: Pick<CommandTimeouts, 'note'> | undefined): void {
  const send = connection.sendCommand.bind(connection);
  connection.sendCommand = (command, stream) => {
    if (command.isSettled && stream === undefined) return command.promise;
    timeouts?.note(command);
    return send(command, stream);
  };
}

/**
 * Does the same for commands that wait for a whole cluster. ioredis repeats a command that a cluster in change refuses, and
 * no queue shows it meanwhile: a timer of its own bounds it.
 */
export function dropAbandonedOf(cluster: Cluster, timeouts: Pick<CommandTimeouts, 'note'>): void {
  const send = cluster.sendCommand.bind(cluster);
  cluster.sendCommand = (command, ...where) => {
    if (command.isSettled && where[0] === undefined) return command.promise;
    timeouts.note(command);
    command.setTimeout(longestWaitMs);
    return send(command, ...where);
  };
}
