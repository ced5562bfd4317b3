import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { explainListen } from '../src/listen-fault.ts';

const listenError = (code: string): Error =>
  Object.assign(new Error('x'), { syscall: 'listen', code, address: '0.0.0.0', port: 80 });

it('reports in one line that a port is in use', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const second = createServer().listen(port, '127.0.0.1');
  const [error] = await once(second, 'error');
  expect(explainListen(error)).toMatch(/^127\.0\.0\.1:\d+ is already in use: [^\n]+$/);
});

it.each([
  ['EACCES', '0.0.0.0:80 requires more permissions than this user has'],
  ['EOTHER', '0.0.0.0:80 cannot be opened: EOTHER.'],
])('reports other causes: %s', (code, said) => {
  expect(explainListen(listenError(code))).toContain(said);
});

it.each([new Error('listen EADDRINUSE'), Object.assign(new Error('x'), { syscall: 'connect' }), undefined])(
  'ignores other errors: %s',
  (error) => {
    expect(explainListen(error)).toBeUndefined();
  },
);
