import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { clientOf, requestFor, simulate } from '../simulate.ts';

async function ask(simulator: Simulator, method: string, path: string, body?: unknown): Promise<unknown> {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${simulator.url}/_sim/${path}`, { method, ...(content && { body: content }) });
  return { status: response.status, body: await response.json() };
}

const call = (simulator: Simulator): Promise<unknown> =>
  clientOf(simulator)
    .chat.completions.create(requestFor('demo'))
    .catch((error: unknown) => error);

describe('the control paths', () => {
  it('show the same calls and counts as the process itself, without their own calls', async () => {
    const simulator = await simulate();
    await call(simulator);
    expect(await ask(simulator, 'GET', 'calls')).toEqual({ status: 200, body: simulator.calls() });
    expect(await ask(simulator, 'GET', 'stats')).toEqual({ status: 200, body: simulator.stats() });
    expect(simulator.stats().total).toBe(1);
  });

  it('delete calls, counts and tries, and keep the script', async () => {
    const simulator = await simulate();
    simulator.script([{ directives: 'e503-n1' }]);
    expect(await call(simulator)).toMatchObject({ status: 503 });
    expect(await ask(simulator, 'DELETE', 'calls')).toMatchObject({ status: 200 });
    expect(simulator.calls()).toEqual([]);
    expect(await call(simulator)).toMatchObject({ status: 503 });
    expect(await call(simulator)).toMatchObject({ object: 'chat.completion' });
  });

  it('append rules and delete them', async () => {
    const simulator = await simulate();
    const [first, second] = ['e500', 'e503'].map((directives) => ({ rules: [{ match: {}, times: 1, directives }] }));
    expect(await ask(simulator, 'POST', 'script', first)).toEqual({ status: 200, body: { rules: 1 } });
    expect(await ask(simulator, 'POST', 'script', second)).toEqual({ status: 200, body: { rules: 2 } });
    expect(await call(simulator)).toMatchObject({ status: 500 });
    expect(await ask(simulator, 'DELETE', 'script')).toMatchObject({ status: 200 });
    expect(await call(simulator)).toMatchObject({ object: 'chat.completion' });
  });

  it.each([
    ['script', { rules: [{ directives: 'e999' }] }, 'rules[0].directives contains "e999", which is not a directive.'],
    ['script', [], 'rules must be a list of rules.'],
    ['script', '{', 'rules must be a list of rules.'],
    ['script', 'null', 'rules must be a list of rules.'],
    ['refuse', { ms: 0 }, 'ms must be a whole number from 1 to 600000.'],
    ['refuse', { ms: '5' }, 'ms must be a whole number from 1 to 600000.'],
  ])('refuse %s with %j', async (path, body, message) => {
    expect(await ask(await simulate(), 'POST', path, body)).toEqual({ status: 400, body: { error: { message } } });
  });

  it('accept no rule of an invalid script', async () => {
    const simulator = await simulate();
    await ask(simulator, 'POST', 'script', { rules: [{ directives: 'e503' }, { directives: 'oops' }] });
    expect(await call(simulator)).toMatchObject({ object: 'chat.completion' });
  });

  it.each([
    ['GET', 'nothing'],
    ['POST', 'calls'],
  ])('do not include %s %s', async (method, path) => {
    const message = `There is no ${method} /_sim/${path} here.`;
    expect(await ask(await simulate(), method, path)).toEqual({ status: 404, body: { error: { message } } });
  });
});
