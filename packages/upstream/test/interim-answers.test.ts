import { describe, expect, it } from 'vitest';
import { answerOf, ask, createClient, rawServer } from './scene.ts';

const interim: Readonly<Record<string, string>> = {
  '100': 'HTTP/1.1 100 Continue\r\n\r\n',
  '100 with headers': 'HTTP/1.1 100 Continue\r\ndate: now\r\nserver: x\r\n\r\n',
  '100 without a reason': 'HTTP/1.1 100\r\n\r\n',
  '100 of HTTP/1.0': 'HTTP/1.0 100 Continue\r\n\r\n',
  '102': 'HTTP/1.1 102 Processing\r\n\r\n',
  '103': 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n',
  '199': 'HTTP/1.1 199 Whatever\r\n\r\n',
  several: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\na: b\r\n\r\n',
  many: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100),
};

describe('an interim answer before an answer', () => {
  it.each(Object.keys(interim))('is skipped for each request of a connection: %s', async (name) => {
    const connections = new Set<number>();
    const url = await rawServer(({ socket, connection, request }) => {
      connections.add(connection);
      socket.write(interim[name] ?? '');
      socket.write(answerOf(`answer ${request}`));
    });
    const client = createClient();
    for (let request = 0; request < 3; request++) {
      const { head, text, failure } = await ask(url, { client });
      expect({ failure, text, status: head?.status }).toEqual({
        failure: undefined,
        text: `answer ${request}`,
        status: 200,
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connections.size).toBe(1);
  });

  it.each(['100', '103', 'several'])('is skipped for every split: %s', async (name) => {
    const bytes = Buffer.concat([Buffer.from(interim[name] ?? ''), answerOf('hello')]);
    const url = await rawServer(({ socket, request }) => {
      socket.setNoDelay(true);
      const cut = request % bytes.length;
      socket.write(bytes.subarray(0, cut), () => setImmediate(() => socket.write(bytes.subarray(cut))));
    });
    const client = createClient();
    for (let cut = 0; cut < bytes.length; cut++) {
      expect([cut, await ask(url, { client })]).toMatchObject([cut, { text: 'hello', failure: undefined }]);
    }
  });

  it('is skipped when it comes byte by byte', async () => {
    const bytes = Buffer.concat([Buffer.from(interim['several'] ?? ''), answerOf('hello')]);
    const url = await rawServer(({ socket }) => {
      socket.setNoDelay(true);
      const send = (at: number): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(send, at + 1));
      };
      send(0);
    });
    expect(await ask(url)).toMatchObject({ text: 'hello', failure: undefined });
  });

  it('is not an answer if the connection closes after it', async () => {
    const url = await rawServer(({ socket }) => socket.end(interim['100'] ?? ''));
    expect((await ask(url)).failure).toEqual({ kind: 'network', message: 'The provider closed the connection.' });
  });

  it('ends the call if another protocol follows', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello';
    const url = await rawServer(({ socket }) => socket.write(upgrade));
    expect((await ask(url)).failure).toEqual({ kind: 'malformed', message: 'The provider did not answer in HTTP.' });
  });

  it('ends the call if there are too many', async () => {
    const url = await rawServer(({ socket }) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(interim['103'] ?? ''));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
    });
    expect((await ask(url)).failure).toEqual({
      kind: 'malformed',
      message: "The head of the provider's answer is too large.",
    });
  });
});
