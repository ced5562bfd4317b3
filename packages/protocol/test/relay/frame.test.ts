import { decodeFrames, encodeFrame, type Frame, FrameError } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const frame = (over: Partial<Frame> = {}): Frame => ({
  requestId: 'r-1',
  epoch: 1,
  seq: 0,
  kind: 'data',
  data: 'data: {"a":"b"}\n\n',
  ...over,
});

const frames = fc.array(
  fc.record({
    requestId: fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}$/),
    epoch: fc.nat(1000),
    seq: fc.nat(1_000_000),
    kind: fc.constantFrom<Frame['kind']>('started', 'answered', 'data', 'end', 'retry', 'error', 'admitted', 'cancel'),
    data: fc.string({ unit: 'grapheme', maxLength: 200 }),
  }),
);

describe('a batch of frames', () => {
  it('is decoded to the frames that were encoded', () => {
    fc.assert(
      fc.property(frames, (batch) => {
        expect(decodeFrames(batch.map(encodeFrame).join(''))).toEqual(batch);
      }),
    );
  });

  it('keeps its lengths through UTF-8, lone surrogates included', () => {
    const batch = [frame({ data: 'a\ud800b' }), frame({ seq: 1, data: '终端🙂' })];
    const travelled = Buffer.from(batch.map(encodeFrame).join(''), 'utf8').toString('utf8');
    expect(decodeFrames(travelled).map(({ data }) => data)).toEqual(['a\ufffdb', '终端🙂']);
  });

  it('can be written by a script that has only the request', () => {
    expect(decodeFrames('r-9 0 0 admitted 0\n')).toEqual([
      { requestId: 'r-9', epoch: 0, seq: 0, kind: 'admitted', data: '' },
    ]);
  });

  it.each([
    ['a head without an end', 'r-1 1 0 data 3'],
    ['an unknown kind', 'r-1 1 0 nonsense 0\n'],
    ['a request id with a space', 'r 1 1 0 data 0\n'],
    ['a negative length', 'r-1 1 0 data -1\n'],
    ['too few fields', 'r-1 1 0 data\n'],
    ['data shorter than the length in the head', 'r-1 1 0 data 5\nabc'],
    ['text that is not a frame', 'hello\nworld\n'],
  ])('refuses %s', (_what, batch) => {
    expect(() => decodeFrames(batch)).toThrow(FrameError);
  });

  it('never throws anything but a FrameError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          decodeFrames(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});
