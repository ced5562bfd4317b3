import { type Cluster, type Command, Redis } from 'ioredis';

/**
 * Rejects commands that Redis does not answer in time. ioredis has a timer for each command, but after a turn of the event
 * loop that takes longer than the timer, Node runs the timer before it reads the socket: a burst of 1,000 requests failed
 * although Redis had answered them. Here a watch counts ticks instead of time, and a turn of the event loop is one tick at
 * most. So time in which this process stood still does not count.
 *
 * A command that was sent fails after about a second in which its server sent nothing: replies come in the order of the commands,
 * so a server that answers others will answer this one too. After five seconds it fails in any case. A command that waits
 * for a connection fails after a second.
 */
export interface CommandTimeouts {
  /** Watches the commands of a server, or those that wait for a whole cluster. */
  watch(connection: Redis | Cluster): void;
  /** Notes that a command is sent, or queued until there is a connection. */
  note(command: Command): void;
}

const tickMs = 100;
const longestSilenceTicks = 10;
const longestWaitTicks = 50;
/** Time (ms) after which a command fails in any case, also one that a cluster refuses again and again. */
export const longestWaitMs = longestWaitTicks * tickMs;

/** ioredis's queues of commands that wait for a connection, the first after they were sent on one that is lost. */
const unsentQueues = ['prevCommandQueue', 'offlineQueue'] as const;

interface Queue {
  readonly length: number;
  peekAt(index: number): { readonly command: NotedCommand } | undefined;
}

/** A command with the tick at which it was sent first. */
interface NotedCommand extends Pick<Command, 'reject'>, Partial<Pick<Command, 'isSettled'>> {
  sentAtTick?: number;
}

interface Watched {
  readonly connection: Redis | Cluster;
  /** Number of bytes that the server had sent by the last tick, and the last tick at which there were more. */
  readBytes: number;
  heardAtTick: number;
}

export function createCommandTimeouts(): CommandTimeouts {
  const watched = new Set<Watched>();
  let tick = 0;
  let timer: NodeJS.Timeout | undefined;

  function advance(): void {
    tick++;
    let held = 0;
    for (const each of watched) held += expireOf(each);
    if (held > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  /** Returns the number of commands that the connection still holds. */
  function expireOf(each: Watched): number {
    const { connection } = each;
    let held = 0;
    if (connection instanceof Redis) {
      const readBytes = readBytesOf(connection);
      if (readBytes !== each.readBytes) each.heardAtTick = tick;
      each.readBytes = readBytes;
      const isSilent = tick - each.heardAtTick >= longestSilenceTicks;
      held += expire(connection.commandQueue, isSilent ? longestSilenceTicks : longestWaitTicks);
    }
    for (const name of unsentQueues) {
      const queue: unknown = Reflect.get(connection, name);
      if (isQueue(queue)) held += expire(queue, longestSilenceTicks);
    }
    return held;
  }

  /** Rejects the oldest commands of a queue, and returns its length. They stay in it: their replies may still come. */
  function expire(queue: Queue, longestTicks: number): number {
    for (let at = 0; at < queue.length; at++) {
      const command = queue.peekAt(at)?.command;
      if (command === undefined || tick - (command.sentAtTick ?? tick) < longestTicks) break;
      if (!command.isSettled) command.reject(new Error('Command timed out'));
    }
    return queue.length;
  }

  return {
    watch(connection) {
      const each = { connection, readBytes: 0, heardAtTick: tick };
      watched.add(each);
      connection.once('end', () => watched.delete(each));
    },
    note(command: NotedCommand) {
      command.sentAtTick ??= tick;
      timer ??= setInterval(advance, tickMs);
    },
  };
}

/** Returns the bytes that the present socket has received; ioredis declares one even where there is none yet. */
const readBytesOf = ({ stream }: { readonly stream?: Redis['stream'] }): number => stream?.bytesRead ?? 0;

const isQueue = (value: unknown): value is Queue =>
  typeof value === 'object' && value !== null && 'length' in value && 'peekAt' in value;
