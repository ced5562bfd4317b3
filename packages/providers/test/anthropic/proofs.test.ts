import { describe, expect, it } from 'vitest';
import { createProofs } from '../../src/anthropic/proofs.ts';
import { recordAnswer } from './record-answer.ts';

const format = 'anthropic-claude-v1';

describe('proofs of reasoning', () => {
  it('are sent together, in the order of their blocks', () => {
    const { answer, deltas } = recordAnswer();
    const proofs = createProofs();
    proofs.addSigned(0, { text: 'Hm.', signature: 's' });
    proofs.addEncrypted(1, 'secret');
    expect(deltas).toEqual([]);
    proofs.send(answer);
    expect(deltas).toEqual([
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'Hm.', signature: 's', format, index: 0 },
          { type: 'reasoning.encrypted', data: 'secret', format, index: 1 },
        ],
      },
    ]);
  });

  it('are sent once', () => {
    const { answer, deltas } = recordAnswer();
    const proofs = createProofs();
    proofs.addEncrypted(0, 'first');
    proofs.send(answer);
    proofs.send(answer);
    proofs.addEncrypted(2, 'second');
    proofs.send(answer);
    expect(deltas).toEqual([
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'first', format, index: 0 }] },
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'second', format, index: 2 }] },
    ]);
  });

  it('do not include reasoning without a signature', () => {
    const { answer, deltas } = recordAnswer();
    const proofs = createProofs();
    proofs.addSigned(0, { text: 'Hm.', signature: '' });
    proofs.send(answer);
    expect(deltas).toEqual([]);
  });
});
