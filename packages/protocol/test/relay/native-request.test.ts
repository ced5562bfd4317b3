import { joinNative, splitNative } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('a request in two forms', () => {
  it('is read as it was written, whatever its texts hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (text, value) => {
        const chat = JSON.stringify({ messages: [{ role: 'user', content: text }] });
        const native = {
          protocol: 'messages' as const,
          headers: { 'anthropic-beta': 'a\u001eb' },
          body: JSON.stringify({ text, value }, undefined, 1),
        };
        expect(splitNative(joinNative(Buffer.from(chat), native).toString('utf8'))).toEqual({ chat, native });
      }),
    );
  });

  it('may have its chat form alone', () => {
    expect(splitNative('{"a":1}')).toEqual({ chat: '{"a":1}', native: undefined });
  });

  it.each(['{}\u001e', '{}\u001e{}', '{}\u001e{"protocol":"other","headers":{}}\u001e{}'])('refuses %j', (text) => {
    expect(() => splitNative(text)).toThrow(SyntaxError);
  });
});
