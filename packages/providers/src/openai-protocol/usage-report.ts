import { type JsonObject, type Usage, writeLossless } from '@sluice/protocol';
import type { CountedAnswer } from '../adapter.ts';
import { mergeUsage } from '../answer/usage.ts';
import type { ChunkNormaliser } from './normalise/chunk.ts';
import { usageOf } from './normalise/usage.ts';
import { writeEvent } from './write-event.ts';

/** The usage of a stream, wherever and however often its server reports it. */
export interface UsageReport {
  /** Undefined before the first report. */
  readonly usage: Usage | undefined;
  /**
   * Reads the usage of a chunk, and returns what this chunk reports.
   *
   * @param mayKeep the chunk may be sent to the client as it is, if it is valid
   */
  add(chunk: JsonObject, data: string, mayKeep: boolean): Usage | undefined;
  /** Returns the latest usage; it is current if the latest chunk that was parsed had one. */
  counted(): CountedAnswer;
  /** Returns the event that carries the usage at the end of a stream; '' if there was no report. */
  toSse(): string;
}

export function createUsageReport(normaliser: ChunkNormaliser): UsageReport {
  /** The provider's own chunk with this usage, if it is valid. */
  let own: string | undefined;
  let isCurrent = false;
  const report: { -readonly [Name in keyof UsageReport]: UsageReport[Name] } = {
    usage: undefined,
    add(chunk, data, mayKeep) {
      const counted = usageOf(chunk);
      isCurrent = counted !== undefined;
      if (counted === undefined) return undefined;
      report.usage = mergeUsage(report.usage, counted);
      const { choices } = chunk;
      const isOwn = Array.isArray(choices) && choices.length === 0 && mayKeep;
      own = isOwn && normaliser.withUsage(report.usage, chunk) === chunk ? data : undefined;
      return counted;
    },
    counted: () => ({ usage: report.usage, isCurrent, tokens: undefined }),
    toSse() {
      return report.usage === undefined ? '' : writeEvent(own ?? writeLossless(normaliser.withUsage(report.usage)));
    },
  };
  return report;
}
