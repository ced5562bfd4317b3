import type { Delivered } from '@sluice/protocol';

/** The texts that the client already has. An answer that starts anew must repeat them; the repetition is held back. */
export interface RepeatedPart {
  /** Takes a piece of the answer's reasoning; returns the part of it that the client does not have. */
  takeReasoning(text: string): string;
  /** Takes a piece of the answer's text; returns the part of it that the client does not have. */
  takeContent(text: string): string;
  /** Ends the reasoning of the new answer. If the client has more reasoning than that, it belongs to another answer. */
  endReasoning(): void;
  /** Returns whether the client has more text than the new answer has repeated so far. */
  isMissingContent(): boolean;
}

/** @param onDiverged called when the new answer contradicts the delivered texts; may be called again */
export function createRepeatedPart(
  { content, reasoning }: Pick<Delivered, 'content' | 'reasoning'>,
  onDiverged: () => void,
): RepeatedPart {
  let missing = content;
  let missingReasoning = reasoning;
  // With reasoning only, the client has no answer yet: another answer may follow, with further reasoning.
  const mayThinkAnew = content === '';

  function endReasoning(): void {
    if (missingReasoning === '') return;
    if (!mayThinkAnew) onDiverged();
    missingReasoning = '';
  }

  /** Returns the reasoning held back as known, followed by the part that differs. */
  function thinkAnew(text: string): string {
    const known = reasoning.slice(0, reasoning.length - missingReasoning.length);
    missingReasoning = '';
    return known + text;
  }

  return {
    takeReasoning(text) {
      const common = Math.min(missingReasoning.length, text.length);
      if (missingReasoning.slice(0, common) !== text.slice(0, common)) {
        if (mayThinkAnew) return thinkAnew(text);
        onDiverged();
      }
      missingReasoning = missingReasoning.slice(common);
      return text.slice(common);
    },
    takeContent(text) {
      if (text === '') return '';
      endReasoning();
      const common = Math.min(missing.length, text.length);
      if (missing.slice(0, common) !== text.slice(0, common)) onDiverged();
      missing = missing.slice(common);
      return text.slice(common);
    },
    endReasoning,
    isMissingContent: () => missing !== '',
  };
}
