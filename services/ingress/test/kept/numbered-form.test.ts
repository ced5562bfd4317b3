import { GatewayError } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatForm } from '../../src/inference/reply/answer-form.ts';
import { countFrames, framesOf, numbered } from '../../src/kept/numbered-form.ts';

const event = fc.string({ unit: 'grapheme-ascii' }).map((text) => `data: ${JSON.stringify(text)}\n\n`);

describe('numbered events', () => {
  it('count from 1 without gaps over all texts of a stream', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event)), (texts) => {
        const form = numbered(chatForm);
        const sent = texts.map((events) => form.onData(events.join(''))).join('') + form.end('');
        const ids = [...sent.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
        expect(ids).toEqual(Array.from({ length: texts.flat().length + 1 }, (_, at) => at + 1));
        expect(sent.replaceAll(/^id: \d+\n/gm, '')).toBe(`${texts.flat().join('')}data: [DONE]\n\n`);
      }),
    );
  });

  it('include the error of a stream', () => {
    expect(numbered(chatForm).error(new GatewayError('internal_error'))).toMatch(/^id: 1\ndata: \{"error"/);
  });

  it('are split and counted with the blank line after each', () => {
    expect(framesOf('a\n\nb\n\n')).toEqual(['a\n\n', 'b\n\n']);
    expect(countFrames('')).toBe(0);
  });

  it('leave a list of JSON as it is', () => {
    const form = { ...chatForm, contentType: 'application/json; charset=utf-8', onData: () => '[{"a":1}' };
    expect(numbered(form).onData('')).toBe('[{"a":1}');
  });
});
