import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectJson, inspectJsonText } from '../../src/index.ts';

const limits = fc.record({ maxDepth: fc.nat(6), maxElements: fc.nat(20) });
const almostJson = fc.array(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', ':', '1', 'a', 'ä'), { maxLength: 80 });

describe('inspecting a JSON text', () => {
  it('gives the same result as the inspection of its bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          almostJson.map((parts) => parts.join('')),
          fc.json(),
        ),
        limits,
        (text, limit) => {
          expect(inspectJsonText(text, limit)).toBe(inspectJson(new TextEncoder().encode(text), limit));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('detects nesting deeper than any stack, and ignores brackets in strings', () => {
    const limit = { maxDepth: 64, maxElements: 1_000_000 };
    expect(inspectJsonText('['.repeat(100_000), limit)).toBe('too_deep');
    expect(inspectJsonText('{"a":'.repeat(100_000), limit)).toBe('too_deep');
    expect(inspectJsonText(JSON.stringify('['.repeat(100_000)), limit)).toBe('ok');
    expect(inspectJsonText(JSON.stringify('"['.repeat(100_000)), limit)).toBe('ok');
  });
});
