import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type RedisConnection, watchPresence } from '../src/index.ts';

function setUp(status: string) {
  const connection = Object.assign(new EventEmitter(), { status });
  let time = 0;
  const presence = watchPresence(connection as unknown as RedisConnection, () => time);
  return {
    presence,
    pass: (ms: number) => (time += ms),
    become(next: 'ready' | 'close') {
      connection.status = next;
      connection.emit(next);
    },
  };
}

describe('the presence of Redis', () => {
  it('is false until Redis has answered once', () => {
    const { presence, become } = setUp('connecting');
    expect(presence).toMatchObject({ isUp: false, isAway: true });
    become('ready');
    expect(presence).toMatchObject({ isUp: true, isAway: false });
  });

  it('survives a connection that returns at once', () => {
    const { presence, become, pass } = setUp('ready');
    become('close');
    pass(250);
    expect(presence).toMatchObject({ isUp: false, isAway: false });
    become('ready');
    pass(1000);
    expect(presence).toMatchObject({ isUp: true, isAway: false });
  });

  it('counts the time from the first loss, over all reconnection attempts', () => {
    const { presence, become, pass } = setUp('ready');
    for (let tries = 0; tries < 4; tries++) {
      become('close');
      pass(100);
    }
    expect(presence.isAway).toBe(true);
  });
});
