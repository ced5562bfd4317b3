import { describe, expect, it } from 'vitest';
import { createBeginning, type ReplyKind } from '../../src/zai-web/reply-kind.ts';
import type { WebUpdate } from '../../src/zai-web/wire.ts';

const says = (text: string, phase = 'answer'): WebUpdate => ({ phase, delta_content: text });
const edits = (at: number, text: string, phase = 'answer'): WebUpdate => ({
  phase,
  edit_index: at,
  edit_content: text,
});

describe('the kind of an answer', () => {
  it.each<[what: string, updates: WebUpdate[], kinds: (ReplyKind | undefined)[]]>([
    ['wrapped with reasoning in markup', [says('<details type="r">', 'thinking')], ['wrapped']],
    ['wrapped with a tag in pieces', [says('<det'), says('ails')], [undefined, 'wrapped']],
    ['wrapped after white space', [says(' \n'), says('<details>')], [undefined, 'wrapped']],
    ['wrapped after tool blocks', [says('<glm_block>1</glm_block> <glm_block/></glm_block>\n<details')], ['wrapped']],
    [
      'wrapped after a tool block in pieces',
      [says('<glm_block>', 'tool_call'), says('{}', 'tool_call'), says('</glm_block>', 'tool_call'), says('<details')],
      [undefined, undefined, undefined, 'wrapped'],
    ],
    ['wrapped if an edit makes it so', [says('<'), edits(0, '<details>')], [undefined, 'wrapped']],
    ['wrapped if the whole text is', [{ phase: 'done', content: '<details>' }], ['wrapped']],
    ['plain with text', [says('Hi')], ['plain']],
    ['plain with bare reasoning', [says('Hm.', 'thinking')], ['plain']],
    ['plain with another tag', [says('<de'), says('l>')], [undefined, 'plain']],
    [
      'plain with text after a tool block',
      [says('<glm_block>{}</glm_block>', 'tool_call'), says('Hi')],
      [undefined, 'plain'],
    ],
    ['plain with text beside an open tool block', [says('<glm_block>{}', 'search'), says('Hi')], [undefined, 'plain']],
    [
      'plain with reasoning beside an open tool block',
      [says('<glm_block>', 'search'), says('Hm.', 'thinking')],
      [undefined, 'plain'],
    ],
    ['unknown without text', [{ phase: 'answer' }], [undefined]],
  ])('is %s', (_what, updates, kinds) => {
    expect(updates.map(createBeginning().apply)).toEqual(kinds);
  });
});

describe('the beginning of an answer', () => {
  it('is assembled as a whole text, and as reasoning and text without tool output', () => {
    const beginning = createBeginning();
    beginning.apply(says('<glm_block>{}</glm_block>', 'tool_call'));
    beginning.apply(says('Hm.', 'thinking'));
    beginning.apply(says('Hi'));
    expect(beginning).toMatchObject({ whole: '<glm_block>{}</glm_block>Hm.Hi', reasoning: 'Hm.', said: 'Hi' });
  });

  it('is edited in the text of its phase', () => {
    const beginning = createBeginning();
    for (const update of [says('Hm?', 'thinking'), says('Hey'), edits(2, '.', 'thinking'), edits(1, 'i')])
      beginning.apply(update);
    expect(beginning).toMatchObject({ reasoning: 'Hm.', said: 'Hi' });
  });
});
