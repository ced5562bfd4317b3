import { amend, isFilled, isObject, type JsonObject, saysMoreThan } from '../../json-object.ts';

const role: ReadonlySet<string> = new Set(['role']);

/** Collects what the chunks of one choice add to its message, wherever their server puts it. */
export interface Speech {
  deltaOf(choice: JsonObject): JsonObject;
  /** The server sends messages instead of deltas. */
  isWhole(): boolean;
}

/**
 * If a delta has brought text, a message after it repeats that text and is left out. If none has, the
 * messages are the answer: each either a piece of it or all of it so far.
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
