import { edited, toolPhases } from './web-text.ts';
import type { WebUpdate } from './wire.ts';

/**
 * The kind of an answer. In a `wrapped` one the reasoning is marked up at the start of the text, and edit indices count
 * from there. In a `plain` one the reasoning is bare and identified by its phase; the meaning of edit indices there is
 * unknown, and they are applied to the answer's text.
 */
export type ReplyKind = 'wrapped' | 'plain';

/** The beginning of an answer of unknown kind, assembled in both ways. */
export interface Beginning {
  /** Applies an update; returns the kind as soon as the text shows it. */
  apply(update: WebUpdate): ReplyKind | undefined;
  /** Text of a wrapped answer. */
  readonly whole: string;
  /** Reasoning and text of a plain answer. */
  readonly reasoning: string;
  readonly said: string;
}

const finishedBlocks = /^(?:\s*<glm_block[\s\S]*?<\/glm_block>)*\s*/;

export function createBeginning(): Beginning {
  /** True while the whole text is an unfinished tool block: searching all of it for the end each time would be slow. */
  let isInFirstBlock = false;

  const beginning = {
    whole: '',
    reasoning: '',
    said: '',
    apply(update: WebUpdate): ReplyKind | undefined {
      const phase = update.phase ?? '';
      const { text, appended } = edited(beginning.whole, update);
      beginning.whole = text;
      if (isInFirstBlock && toolPhases.has(phase) && appended?.includes('>') === false) return undefined;
      if (phase === 'thinking') beginning.reasoning = edited(beginning.reasoning, update).text;
      else if (!toolPhases.has(phase)) beginning.said = edited(beginning.said, update).text;
      const head = text.replace(finishedBlocks, '');
      if (head.startsWith('<details')) return 'wrapped';
      const mayBecome = (tag: string): boolean => tag.startsWith(head);
      isInFirstBlock = head.startsWith('<glm_block') && beginning.said === '' && beginning.reasoning === '';
      return mayBecome('<details') || mayBecome('<glm_block') || isInFirstBlock ? undefined : 'plain';
    },
  };
  return beginning;
}
