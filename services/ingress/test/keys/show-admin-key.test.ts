import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LauncherChannel, showToLauncher } from '../../src/keys/show-admin-key.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A channel to a launcher that answers like this. */
class Channel extends EventEmitter implements LauncherChannel {
  readonly answer: (channel: Channel, callback: (error: Error | null) => void) => void;
  constructor(answer: Channel['answer']) {
    super();
    this.answer = answer;
  }
  send(_message: object, _handle: undefined, _options: undefined, callback: (error: Error | null) => void): boolean {
    this.answer(this, callback);
    return true;
  }
}

async function show(answer: Channel['answer']): Promise<string> {
  const channel = new Channel(answer);
  const shown = showToLauncher(channel)('sk-1').then(
    () => 'shown',
    (error: unknown) => String(error),
  );
  await vi.runAllTimersAsync();
  expect(channel.listenerCount('message')).toBe(0);
  return shown;
}

describe('the launcher', () => {
  it.each<[string, Channel['answer'], string]>([
    ['has kept the key', (channel) => void channel.emit('message', { adminKeyKept: 'sk-1' }), 'shown'],
    ['has kept an earlier one', (channel) => void channel.emit('message', { adminKeyKept: 'sk-0' }), 'has not kept'],
    ['says something else', (channel) => void channel.emit('message', 'hello'), 'has not kept'],
    ['is gone', (_channel, callback) => callback(new Error('channel closed')), 'channel closed'],
  ])('%s', async (_what, answer, expected) => {
    expect(await show(answer)).toContain(expected);
  });
});
