import { describe, expect, it } from 'vitest';
import { createPromptScale } from '../../src/attempt/prompt-scale.ts';

describe('the scale of prompts', () => {
  it('corrects an estimate by what the target told before, and no other target', () => {
    const scale = createPromptScale();
    expect(scale.correct('a/m', 100)).toBe(100);
    scale.observe('a/m', 50, 100);
    expect(scale.correct('a/m', 100)).toBe(200);
    expect(scale.correct('b/m', 100)).toBe(100);
  });

  it('follows within about ten prompts', () => {
    const scale = createPromptScale();
    scale.observe('a/m', 100, 200);
    for (let prompt = 0; prompt < 20; prompt++) scale.observe('a/m', 100, 100);
    expect(scale.correct('a/m', 100)).toBeLessThan(110);
  });

  it('ignores empty prompts, and bounds what a stored prompt adds', () => {
    const scale = createPromptScale();
    scale.observe('a/m', 0, 100);
    scale.observe('a/m', 100, 0);
    expect(scale.correct('a/m', 100)).toBe(100);
    scale.observe('a/m', 1, 100_000);
    expect(scale.correct('a/m', 100)).toBe(800);
  });

  it('forgets the target that was not called for longest, beyond a thousand', () => {
    const scale = createPromptScale();
    for (let at = 0; at <= 1000; at++) scale.observe(`${at}`, 100, 200);
    expect(scale.correct('0', 100)).toBe(100);
    expect(scale.correct('1', 100)).toBe(200);
  });
});
