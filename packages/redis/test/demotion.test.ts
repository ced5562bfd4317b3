import { describe, expect, it } from 'vitest';
import { createDemotion } from '../src/demotion.ts';

const readOnly = new Error("READONLY You can't write against a read only replica.");

function scene(isPatient = true) {
  let now = 0;
  const demotion = createDemotion({ waitMs: (tries) => tries * 10, isPatient, now: () => now });
  return { ...demotion, pass: (ms: number) => void (now += ms) };
}

describe('a server that was demoted', () => {
  it.each([
    readOnly.message,
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    "ERR Error running script (call to f_1): @user_script:1: @user_script: 3: -READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica. script: 5f, on @user_script:3.",
  ])('is left, and the command is repeated: %s', (message) => {
    expect(scene().reconnectOnError(new Error(message))).toBe(2);
  });

  it.each(['ERR wrong type', 'NOSCRIPT No matching script', 'ERR unknown command READONLY', 'OOM command not allowed'])(
    'is not the cause of: %s',
    (message) => {
      expect(scene().reconnectOnError(new Error(message))).toBe(false);
    },
  );

  it('is retried at growing intervals, and at once again after a while', () => {
    const { reconnectOnError, delayMs, pass } = scene();
    const round = (): number => {
      for (let command = 0; command < 5; command++) reconnectOnError(readOnly);
      return delayMs(1);
    };
    expect([round(), round(), round()]).toEqual([10, 20, 30]);
    pass(5001);
    expect(round()).toBe(10);
  });

  it('does not slow down reconnections for another reason', () => {
    const { reconnectOnError, delayMs } = scene();
    for (let round = 0; round < 4; round++) {
      reconnectOnError(readOnly);
      delayMs(1);
    }
    expect(delayMs(1)).toBe(10);
    expect(delayMs(7)).toBe(70);
  });

  it('makes impatient connections retry in the first round only, until no error came for a while', () => {
    const { reconnectOnError, delayMs, pass } = scene(false);
    expect([reconnectOnError(readOnly), reconnectOnError(readOnly)]).toEqual([2, 2]);
    delayMs(1);
    expect(reconnectOnError(readOnly)).toBe(1);
    pass(4000);
    delayMs(1);
    pass(4000);
    expect(reconnectOnError(readOnly)).toBe(1);
    delayMs(1);
    pass(5001);
    expect(reconnectOnError(readOnly)).toBe(2);
  });

  it('counts as a round for a cluster node too', () => {
    const { reconnectOnError, nodeLeft } = scene(false);
    nodeLeft();
    expect(reconnectOnError(readOnly)).toBe(2);
    nodeLeft();
    expect(reconnectOnError(readOnly)).toBe(1);
  });
});
