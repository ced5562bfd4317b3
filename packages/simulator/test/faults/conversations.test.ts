import { describe, expect, it } from 'vitest';
import { createConversations, hashConversation, seedOf } from '../../src/faults/conversations.ts';

describe('createConversations', () => {
  it('returns the number of earlier calls of the same conversation', () => {
    const conversations = createConversations();
    expect(['a', 'b', 'a', 'a'].map((name) => conversations.count(name))).toEqual([0, 0, 1, 2]);
    conversations.clear();
    expect(conversations.count('a')).toBe(0);
  });

  it('removes the least recently used one after 100,000 others', () => {
    const conversations = createConversations();
    conversations.count('old');
    conversations.count('seen again');
    for (let number = 0; number < 99_998; number += 1) conversations.count(String(number));
    expect(conversations.count('seen again')).toBe(1);
    conversations.count('one too many');
    expect(conversations.count('seen again')).toBe(2);
    expect(conversations.count('old')).toBe(0);
  });
});

describe('hashConversation', () => {
  it('is equal only for equal texts', () => {
    expect(hashConversation('demo\nhello')).toBe(hashConversation('demo\nhello'));
    expect(hashConversation('demo\nhello')).not.toBe(hashConversation('demo\nhallo'));
    expect(hashConversation('demo')).toMatch(/^[0-9a-f]{16}$/);
  });

  it('distributes conversations evenly over a hundred values', () => {
    const lots = Array.from({ length: 2000 }, (_, index) => seedOf(hashConversation(`conversation ${index}`)) % 100);
    const struck = lots.filter((lot) => lot < 25).length;
    expect(struck).toBeGreaterThan(430);
    expect(struck).toBeLessThan(570);
  });
});
