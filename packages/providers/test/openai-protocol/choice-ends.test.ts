import { describe, expect, it } from 'vitest';
import { createChoiceEnds } from '../../src/openai-protocol/choice-ends.ts';

describe('the ends of choices', () => {
  it('are none at first', () => {
    expect(createChoiceEnds()).toMatchObject({ count: 0, reason: undefined });
  });

  it('are counted once per choice, and the first has the reason', () => {
    const ends = createChoiceEnds();
    expect(ends.add(1, { kind: 'finished', reason: 'length' })).toBeUndefined();
    ends.add(0, { kind: 'finished', reason: 'stop' });
    ends.add(1, { kind: 'finished', reason: 'tool_calls' });
    expect(ends).toMatchObject({ count: 2, reason: 'length' });
  });

  it('do not include a choice that continues', () => {
    const ends = createChoiceEnds();
    expect(ends.add(0, { kind: 'open' })).toBeUndefined();
    expect(ends).toMatchObject({ count: 0, reason: undefined });
  });

  it("do not include a choice that was aborted, which is a failure with the provider's word", () => {
    const ends = createChoiceEnds();
    ends.add(0, { kind: 'finished', reason: 'stop' });
    expect(ends.add(1, { kind: 'failed', word: 'network_error' })).toEqual({
      kind: 'server',
      message: 'The provider aborted its answer with "network_error".',
    });
    expect(ends).toMatchObject({ count: 1, reason: 'stop' });
  });
});
