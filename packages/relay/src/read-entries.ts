import { decodeFrames, type Frame } from '@sluice/protocol';

/** Reply of XREAD. */
export type StreamReply = readonly [key: string, entries: readonly StreamEntry[]][];
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** Origin of a batch. */
export interface Origin {
  readonly processId: string;
  /** Time on the writer's clock, in ms since 1970. */
  readonly sentAt: number;
}

export interface ReadEntriesNeeds {
  /** Id of the last entry that was read, by mailbox. */
  readonly lastIds: Map<string, string>;
  /** Handles a batch; must not block or throw. `origin` is absent if a script wrote the batch. */
  readonly onFrames: (frames: readonly Frame[], origin: Origin | undefined) => void;
  readonly onError: (error: unknown) => void;
}

/** Hands over the batches of a reply. An entry that is not a batch of Sluice is an error, and does not stop the others. */
export function readEntries({ lastIds, onFrames, onError }: ReadEntriesNeeds, reply: StreamReply): void {
  for (const [key, entries] of reply) {
    for (const [id, fields] of entries) {
      lastIds.set(key, id);
      const batch = fieldOf(fields, 'f');
      if (batch === undefined || batch === '') continue;
      try {
        onFrames(decodeFrames(batch), originOf(fieldOf(fields, 'o')));
      } catch (error) {
        // If a batch is missing, a gap in the sequence numbers reveals it.
        onError(error);
      }
    }
  }
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) if (fields[at] === name) return fields[at + 1];
  return undefined;
}

function originOf(text: string | undefined): Origin | undefined {
  const [processId, sentAt] = text?.split(' ') ?? [];
  return processId === undefined || sentAt === undefined ? undefined : { processId, sentAt: Number(sentAt) };
}
