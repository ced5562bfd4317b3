import { describe, expect, it } from 'vitest';
import { createRepeatedPart } from '../../src/resume/repeated-part.ts';

function setUp(content: string, reasoning = '') {
  let diverged = 0;
  const part = createRepeatedPart({ content, reasoning }, () => diverged++);
  return { part, hasDiverged: () => diverged > 0 };
}

describe('the repeated part of an answer', () => {
  it('is held back, and what follows it passes', () => {
    const { part, hasDiverged } = setUp('Hello', 'hm');
    const reasoning = ['h', 'm', ' so'].map(part.takeReasoning);
    const content = ['Hel', 'lo, you', ' there'].map(part.takeContent);
    expect([reasoning, content]).toEqual([
      ['', '', ' so'],
      ['', ', you', ' there'],
    ]);
    expect([part.isMissingContent(), hasDiverged()]).toEqual([false, false]);
  });

  it('is missing until all of it came', () => {
    const { part } = setUp('Hello');
    part.takeContent('Hell');
    expect(part.isMissingContent()).toBe(true);
    part.takeContent('o');
    expect(part.isMissingContent()).toBe(false);
  });

  it.each([
    ['another text', (part: ReturnType<typeof setUp>['part']) => part.takeContent('Hi')],
    ['another reasoning', (part: ReturnType<typeof setUp>['part']) => part.takeReasoning('no')],
    ['less reasoning', (part: ReturnType<typeof setUp>['part']) => part.takeContent('Hello')],
    ['no reasoning at its end', (part: ReturnType<typeof setUp>['part']) => part.endReasoning()],
  ])('contradicts an answer with %s', (_what, act) => {
    const { part, hasDiverged } = setUp('Hello', 'hm');
    act(part);
    expect(hasDiverged()).toBe(true);
  });

  it('may be left for other reasoning while the client has no text: it gets what was held back, and the rest', () => {
    const { part, hasDiverged } = setUp('', 'The user wants');
    expect(['The user ', 'asks', ' for'].map(part.takeReasoning)).toEqual(['', 'The user asks', ' for']);
    part.endReasoning();
    expect(hasDiverged()).toBe(false);
  });

  it('may end early while the client has no text', () => {
    const { part, hasDiverged } = setUp('', 'The user wants');
    expect(part.takeReasoning('The user ')).toBe('');
    expect(part.takeContent('Hello')).toBe('Hello');
    expect(hasDiverged()).toBe(false);
  });

  it('is empty if the client has nothing', () => {
    const { part, hasDiverged } = setUp('');
    expect([part.takeReasoning('a'), part.takeContent(''), part.takeContent('b')]).toEqual(['a', '', 'b']);
    expect(hasDiverged()).toBe(false);
  });
});
