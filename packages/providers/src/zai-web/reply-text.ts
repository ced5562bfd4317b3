import { createAppendOnly } from './append-only.ts';
import { createMarkedText, type MarkedText, nothing } from './marked-text.ts';
import type { Scanned } from './markup-scanner.ts';
import { createBeginning, type ReplyKind } from './reply-kind.ts';
import { edited, hasText, toolPhases } from './web-text.ts';
import type { WebUpdate } from './wire.ts';

/** An answer under construction. Both methods return the new text for the client. */
export interface ReplyText {
  apply(update: WebUpdate): Scanned;
  /** Ends the answer: text that was held back is sent. */
  end(): Scanned;
}

/** Assembles an answer from the backend's appends and edits. The kind of the answer must show first. */
export function createReplyText({ keepsMarkup }: { readonly keepsMarkup: boolean }): ReplyText {
  const beginning = createBeginning();
  let kind: ReplyKind | undefined;
  /** Whole text of a wrapped answer; text without reasoning of a plain one. */
  let marked: MarkedText | undefined;
  /** Bare reasoning of a plain answer, which no markup surrounds. */
  let reasoning = '';
  const bare = createAppendOnly(0);

  function become(found: ReplyKind, text: MarkedText): Scanned {
    kind = found;
    marked = text;
    if (found === 'wrapped') return text.replace(beginning.whole);
    const said = text.replace(beginning.said);
    reasoning = beginning.reasoning;
    return { reasoning: bare.replace(reasoning), content: said.content };
  }

  const textOf = (found: ReplyKind): MarkedText => createMarkedText({ isWrapped: found === 'wrapped', keepsMarkup });

  function think(update: WebUpdate): Scanned {
    const { text, appended } = edited(reasoning, update);
    reasoning = text;
    return { reasoning: appended === undefined ? bare.replace(text) : bare.append(appended), content: '' };
  }

  return {
    apply(update) {
      if (!hasText(update)) return nothing;
      if (marked === undefined) {
        const found = beginning.apply(update);
        return found === undefined ? nothing : become(found, textOf(found));
      }
      const phase = update.phase ?? '';
      if (kind === 'plain' && toolPhases.has(phase)) return nothing;
      return kind === 'plain' && phase === 'thinking' ? think(update) : marked.apply(update);
    },
    end() {
      const text = marked ?? textOf('plain');
      const early = marked === undefined ? become('plain', text) : nothing;
      const last = text.end();
      return { reasoning: early.reasoning + last.reasoning + bare.flush(), content: early.content + last.content };
    },
  };
}
