import { describe, expect, it } from 'vitest';
import { noCounts, type RecorderState } from '../../src/recorder/recorder-state.ts';
import { recordsStatus } from '../../src/recorder/records-status.ts';

const idle = { batches: 0, oldestAgeMs: 0 };
const state: RecorderState = {
  isRunner: true,
  isDatabaseUp: true,
  databaseAnswerMs: 3,
  lag: { ledger: { batches: 2, oldestAgeMs: 1500.4 }, attempts: idle, logs: idle, bodies: idle },
  written: noCounts(),
  skipped: noCounts(),
  imbalanced: 0,
};

describe("the database's part of the status", () => {
  it('shows whether it answers, and what is on the way to it', () => {
    expect(recordsStatus(state)).toEqual({
      database: { status: 'ok', answer_ms: 3 },
      outbox: {
        ledger: { batches: 2, oldest_ms: 1500 },
        attempts: { batches: 0, oldest_ms: null },
        logs: { batches: 0, oldest_ms: null },
        bodies: { batches: 0, oldest_ms: null },
      },
    });
  });

  it('keeps the latest time while the database is away', () => {
    expect(recordsStatus({ ...state, isDatabaseUp: false }).database).toEqual({ status: 'unreachable', answer_ms: 3 });
  });

  it('has no outbox while Redis is away, and no answer before the recorder has told one', () => {
    expect(recordsStatus({ ...state, lag: {} })).toEqual({ database: { status: 'ok', answer_ms: 3 } });
    expect(recordsStatus(undefined)).toEqual({ database: { status: 'unreachable', answer_ms: null } });
  });
});
