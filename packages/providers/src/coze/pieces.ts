import type { Delta } from '../answer/chunk-writer.ts';
import type { WireMessage } from './wire.ts';

/** Makes one text of a stream's messages: each arrives in pieces and once more as a whole. */
export interface MessagePieces {
  /** True if any text has arrived. */
  readonly hasText: boolean;
  /** Takes a piece of a message; calls `give` with each part of it that the client gets. */
  takePiece(message: WireMessage, give: (delta: Delta) => void): void;
  /** Takes a whole message, of which only that counts which did not arrive in pieces before. */
  takeWhole(message: WireMessage, give: (delta: Delta) => void): void;
}

/** Creates a collection. Messages of different ids are separated by a blank line. */
export function createMessagePieces(): MessagePieces {
  /** Id of the message whose text was taken last. */
  let speaking: string | null | undefined;
  const withText = new Set<string>();
  const withReasoning = new Set<string>();
  const pieces = {
    hasText: false,
    takePiece({ id, content, reasoning_content: reasoning }: WireMessage, give: (delta: Delta) => void): void {
      if (reasoning) {
        withReasoning.add(id ?? '');
        give({ reasoning_content: reasoning });
      }
      if (!content) return;
      const separator = pieces.hasText && id !== speaking ? '\n\n' : '';
      speaking = id;
      pieces.hasText = true;
      withText.add(id ?? '');
      give({ content: separator + content });
    },
    takeWhole(message: WireMessage, give: (delta: Delta) => void): void {
      const id = message.id ?? '';
      const content = withText.has(id) ? '' : message.content;
      const reasoning = withReasoning.has(id) ? '' : message.reasoning_content;
      pieces.takePiece({ ...message, content, reasoning_content: reasoning }, give);
    },
  };
  return pieces;
}
