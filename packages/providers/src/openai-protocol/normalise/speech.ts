import { isFilled, isObject, type JsonObject } from '@sluice/protocol';
import { amend, saysMoreThan } from '../../json-object.ts';

const role: ReadonlySet<string> = new Set(['role']);

/** Collects the text of the chunks of one choice, wherever their server puts it. */
export interface Speech {
  deltaOf(choice: JsonObject): JsonObject;
  /** Returns whether the server sends messages instead of deltas. */
  isWhole(): boolean;
}

/**
 * Creates a collector. If a delta has brought text, a later message repeats that text and is dropped. Otherwise the
 * messages are the answer: each is a further piece or the whole text so far.
 */
export function createSpeech(): Speech {
  let source: 'delta' | 'message' | undefined;
  let said = '';

  function pieceOf(message: JsonObject): JsonObject {
    const { content } = message;
    if (typeof content !== 'string') return message;
    const piece = said !== '' && content.startsWith(said) ? content.slice(said.length) : content;
    said += piece;
    return amend(message, { content: piece });
  }

  return {
    deltaOf({ delta, message, text }) {
      const given = isObject(delta) ? delta : {};
      if (source === 'delta') return given;
      if (source === undefined && saysMoreThan(role, given)) {
        source = 'delta';
        return given;
      }
      // Servers of plain completions put the text beside the delta.
      const whole = isObject(message) ? message : isFilled(text) ? { content: text } : undefined;
      if (whole === undefined) return given;
      source = 'message';
      return isFilled(text) ? whole : pieceOf(whole);
    },
    isWhole: () => source === 'message',
  };
}
