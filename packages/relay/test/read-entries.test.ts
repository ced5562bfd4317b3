import { encodeFrame, type Frame } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { type Origin, readEntries, type StreamReply } from '../src/read-entries.ts';

const frame: Frame = { requestId: 'r', epoch: 1, seq: 0, kind: 'data', data: 'x' };
const batch = encodeFrame(frame);

function read(reply: StreamReply, onFrames: () => void = () => undefined) {
  const lastIds = new Map([['mb', '0-0']]);
  const got: [readonly Frame[], Origin | undefined][] = [];
  const errors: unknown[] = [];
  readEntries(
    {
      lastIds,
      onFrames(frames, origin) {
        got.push([frames, origin]);
        onFrames();
      },
      onError: (error) => errors.push(error),
    },
    reply,
  );
  return { lastIds, got, errors };
}

describe('the entries of mailboxes', () => {
  it('are handed over with their origin, and are read once', () => {
    const { got, lastIds, errors } = read([['mb', [['5-1', ['o', 'w-1 1000', 'f', batch]]]]]);
    expect(got).toEqual([[[frame], { processId: 'w-1', sentAt: 1000 }]]);
    expect([lastIds.get('mb'), errors]).toEqual(['5-1', []]);
  });

  it('have no origin if a script wrote them', () => {
    expect(read([['mb', [['5-1', ['f', batch]]]]]).got).toEqual([[[frame], undefined]]);
  });

  it('are read past those without a batch', () => {
    const { got, lastIds } = read([
      [
        'mb',
        [
          ['5-1', ['f', '']],
          ['5-2', ['g', 'other']],
        ],
      ],
      ['adm', [['7-1', ['f', batch]]]],
    ]);
    expect(got).toHaveLength(1);
    expect([...lastIds]).toEqual([
      ['mb', '5-2'],
      ['adm', '7-1'],
    ]);
  });

  it.each<[string, string, (() => void) | undefined]>([
    ['is not a batch', 'nonsense', undefined],
    [
      'is not handled',
      batch,
      () => {
        throw new Error('boom');
      },
    ],
  ])('do not stop after one that %s', (_what, text, onFrames) => {
    const { errors, lastIds } = read(
      [
        [
          'mb',
          [
            ['5-1', ['f', text]],
            ['5-2', ['f', text]],
          ],
        ],
      ],
      onFrames,
    );
    expect([errors.length, lastIds.get('mb')]).toEqual([2, '5-2']);
  });
});
