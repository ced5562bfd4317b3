import type { Usage } from '@sluice/protocol';
import type { CountedAnswer } from '../adapter.ts';
import type { Delta } from './chunk-writer.ts';
import { createUsageCount } from './usage-count.ts';

/** Counts an answer while it arrives: by the provider's reports, and by its texts. */
export interface AnswerCount {
  /** A further event of the provider begins. */
  event(): void;
  /** The event adds this to the answer. Not counted after {@link arrived} has been called. */
  delta(delta: Delta): void;
  /** The event has this, of which a part is held back for the client. */
  arrived(delta: Delta): void;
  /** The event reports a usage; implausible values are omitted. */
  usage(usage: Usage): void;
  /** Returns everything reported so far; undefined if no report was plausible. */
  total(): Usage | undefined;
  counted(): CountedAnswer;
}

/** @param hasReasoning false: the provider's usage counts reasoning as output */
export const createAnswerCount = (hasReasoning = true): AnswerCount => new Count(hasReasoning);

/** A class, because there is one for each stream. */
class Count implements AnswerCount {
  private readonly reports = createUsageCount();
  private events = 0;
  private lastDeltaAt = 0;
  private lastUsageAt = 0;
  private output = 0;
  private reasoning = 0;
  private isHeld = false;
  private readonly hasReasoning: boolean;

  constructor(hasReasoning: boolean) {
    this.hasReasoning = hasReasoning;
  }

  event(): void {
    this.events++;
  }

  delta(delta: Delta): void {
    if (!this.isHeld) this.add(delta);
  }

  arrived(delta: Delta): void {
    this.isHeld = true;
    this.add(delta);
  }

  private add({ content, reasoning_content: reasoning, refusal, tool_calls: calls }: Delta): void {
    this.lastDeltaAt = this.events;
    if (this.hasReasoning) this.reasoning += tokensOf(reasoning);
    else this.output += tokensOf(reasoning);
    this.output += tokensOf(content) + tokensOf(refusal) + (calls?.length ?? 0);
  }

  usage(usage: Usage): void {
    this.lastUsageAt = this.events;
    this.reports.add(usage);
  }

  total(): Usage | undefined {
    return this.reports.total();
  }

  counted(): CountedAnswer {
    return {
      usage: this.reports.total(),
      isCurrent: this.lastDeltaAt > 0 && this.lastUsageAt >= this.lastDeltaAt,
      tokens: { output: this.output, reasoning: this.reasoning },
    };
  }
}

/** Length of the longest text (characters) that counts as one token; longer ones hold several tokens. */
const longestToken = 16;
/** Characters of a token in a longer text: OpenAI's rule of thumb for English. */
const charactersPerToken = 4;

/** Counts the tokens of a text, approximately. Most providers send one at a time, some a line at a time. */
function tokensOf(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  return text.length <= longestToken ? 1 : Math.ceil(text.length / charactersPerToken);
}
