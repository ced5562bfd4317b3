import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from '../until.ts';

/** The commands that a Redis server has got since the recording began. */
export interface RecordedCommands {
  /** One line for each command, as MONITOR writes it. */
  lines(): readonly string[];
  stop(): void;
}

/**
 * Records all commands that a server gets, by MONITOR over a socket of its own. The monitor of ioredis 6 throws "Command
 * queue state error" if commands arrive together with the reply to MONITOR.
 */
export async function recordCommands(url: string): Promise<RecordedCommands> {
  const { hostname, port, username, password } = new URL(url);
  const login = password === '' ? [] : [`AUTH ${username || 'default'} ${decodeURIComponent(password)}`];
  const requests = [...login, 'MONITOR'];
  const replies = '+OK\r\n'.repeat(requests.length);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => void (text += piece));
  await once(socket, 'connect');
  socket.write(requests.map((request) => `${request}\r\n`).join(''));
  await until(() => text.startsWith(replies), { what: 'the recording of commands' });
  return { lines: () => text.slice(replies.length).split('\r\n'), stop: () => void socket.destroy() };
}
