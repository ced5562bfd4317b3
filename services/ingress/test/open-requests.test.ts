import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOpenRequests } from '../src/open-requests.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const open = createOpenRequests();
  const ended: Socket[] = [];
  function connect(): Socket {
    const socket = new Socket();
    vi.spyOn(socket, 'end').mockImplementation(() => {
      ended.push(socket);
      return socket;
    });
    return socket;
  }
  /** Opens a request on a connection; returns the function that ends its answer. */
  function request(socket: Socket): () => void {
    const incoming = new IncomingMessage(socket);
    const response = new ServerResponse(incoming);
    open.add(incoming, response);
    return () => void response.emit('close');
  }
  let isIdle = false;
  const awaitIdle = (): void => void open.idle().then(() => (isIdle = true));
  return { open, connect, request, ended, awaitIdle, isIdle: () => isIdle };
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('the open requests of a server', () => {
  it('are counted from their start to the end of their answer', () => {
    const { open, connect, request } = setUp();
    const socket = connect();
    const [one, two] = [request(socket), request(connect())];
    expect(open.count).toBe(2);
    one();
    two();
    expect(open.count).toBe(0);
  });

  it('leave the server idle when the last has its answer', async () => {
    const { connect, request, awaitIdle, isIdle } = setUp();
    const [one, two] = [request(connect()), request(connect())];
    awaitIdle();
    one();
    await settled();
    expect(isIdle()).toBe(false);
    two();
    await settled();
    expect(isIdle()).toBe(true);
  });

  it('keep their connection outside a drain', async () => {
    const { connect, request, ended } = setUp();
    request(connect())();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ended).toEqual([]);
  });
});

describe('during a drain, a connection', () => {
  it('ends a second after its answer, and only then the server is idle', async () => {
    const { open, connect, request, ended, awaitIdle, isIdle } = setUp();
    open.endWithAnswers();
    const socket = connect();
    request(socket)();
    awaitIdle();
    await vi.advanceTimersByTimeAsync(999);
    expect([ended, isIdle()]).toEqual([[], false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([ended, isIdle()]).toEqual([[socket], true]);
  });

  it('waits for the answer to a request that follows within that second', async () => {
    const { open, connect, request, ended } = setUp();
    open.endWithAnswers();
    const socket = connect();
    request(socket)();
    await vi.advanceTimersByTimeAsync(500);
    const answerNext = request(socket);
    await vi.advanceTimersByTimeAsync(5000);
    expect(ended).toEqual([]);
    answerNext();
    await vi.advanceTimersByTimeAsync(1000);
    expect(ended).toEqual([socket]);
  });

  it('ends with the last of its pipelined requests', async () => {
    const { open, connect, request, ended } = setUp();
    open.endWithAnswers();
    const socket = connect();
    const [one, two] = [request(socket), request(socket)];
    one();
    await vi.advanceTimersByTimeAsync(5000);
    expect(ended).toEqual([]);
    two();
    await vi.advanceTimersByTimeAsync(1000);
    expect(ended).toEqual([socket]);
  });

  it('does not delay the end of the drain if its client has closed it', async () => {
    const { open, connect, request, ended, awaitIdle, isIdle } = setUp();
    open.endWithAnswers();
    const socket = connect();
    const answer = request(socket);
    socket.destroy();
    answer();
    awaitIdle();
    await settled();
    expect([ended, isIdle()]).toEqual([[], true]);
  });
});
