import { setTimeout as delay } from 'node:timers/promises';
import { until } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import { tokensOf } from './traffic.ts';

let sluice: Sluice;
const otherKey = 'sk-test-client-0002';

beforeAll(async () => {
  sluice = await startSluice({
    config: {
      keys: [
        { name: 'test', key: apiKey, models: ['*'] },
        { name: 'other', key: otherKey, models: ['*'] },
      ],
      retry: { max_attempts: 2, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
    },
  });
});
beforeEach(() => sluice.simulator.reset());

interface Asked {
  readonly at?: number;
  readonly model?: string;
  readonly content?: string;
  readonly stream?: boolean;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const ask = ({
  at = 0,
  model = 'demo-t12',
  content = 'rid=x',
  stream = true,
  key = apiKey,
  headers = {},
  signal,
}: Asked) =>
  fetch(`${sluice.url(at)}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
    ...(signal === undefined ? {} : { signal }),
  });

const attach = (id: string, { at = 1, after = 0, key = apiKey } = {}) =>
  fetch(`${sluice.url(at)}/chat/completions/${id}/stream?starting_after=${after}`, {
    headers: { authorization: `Bearer ${key}` },
  });

const resume = { 'x-sluice-resume': '1' };
const idOf = ({ headers }: Response): string => headers.get('x-sluice-answer-id') ?? '';

function saidIn(sse: string): string {
  const chunks = sse
    .split('\n')
    .flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as Chunk] : []));
  return chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').join('');
}
interface Chunk {
  readonly choices: readonly { readonly delta?: { readonly content?: string } }[];
}

describe('a stream that can be attached to', () => {
  it('has numbered events, and is the same for every viewer on every replica, after its end too', async () => {
    const first = await ask({ model: 'demo-t12-i20', headers: resume });
    const id = idOf(first);
    const viewers = Promise.all([0, 1].map(async (at) => (await attach(id, { at })).text()));
    const text = await first.text();
    expect(saidIn(text)).toBe(tokensOf('x', 12));
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: text.split('\n\n').length - 1 }, (_, at) => at + 1),
    );
    expect(await viewers).toEqual([text, text]);
    expect(await (await attach(id)).text()).toBe(text);
    const rest = await (await attach(id, { after: 5 })).text();
    expect(rest).toBe(text.slice(text.indexOf('id: 6\n')));
    expect(await sluice.simulator.calls()).toHaveLength(1);
  });

  it('continues when its client has left', async () => {
    const controller = new AbortController();
    const first = await ask({ model: 'demo-t30-i30', headers: resume, signal: controller.signal });
    const id = idOf(first);
    await first.body?.getReader().read();
    controller.abort();
    expect(saidIn(await (await attach(id)).text())).toBe(tokensOf('x', 30));
    const [call] = await sluice.simulator.calls();
    expect(call).toMatchObject({ outcome: 'finished' });
  });

  it('belongs to its key, and has no numbers without the header', async () => {
    const first = await ask({ headers: resume });
    await first.text();
    expect((await attach(idOf(first), { key: otherKey })).status).toBe(404);
    expect((await attach('none')).status).toBe(404);
    const plain = await ask({});
    expect(idOf(plain)).toBe('');
    expect(await plain.text()).not.toMatch(/^id:/m);
  });

  it('survives the death of its worker', async () => {
    const first = await ask({ model: 'demo-t40-i30', headers: resume });
    const viewer = attach(idOf(first)).then((answer) => answer.text());
    await first.body?.getReader().read();
    sluice.fleet.workers[0]?.kill('SIGKILL');
    expect(saidIn(await viewer)).toBe(tokensOf('x', 40));
  });
});

describe('a request with an idempotency key', () => {
  it('joins the running one, and gets the answer of the finished one', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const asked = { model: 'demo-t20-i20', headers };
    const [one, two] = await Promise.all([ask(asked), delay(50).then(() => ask({ ...asked, at: 1 }))]);
    const texts = await Promise.all([one.text(), two.text()]);
    expect(saidIn(texts[0])).toBe(tokensOf('x', 20));
    expect(texts[1]).toBe(texts[0]);
    const later = await ask({ ...asked, at: 1 });
    expect(later.headers.get('x-sluice-replayed')).toBe('true');
    expect(await later.text()).toBe(texts[0]);
    expect(await sluice.simulator.calls()).toHaveLength(1);
  });

  it('gets a whole answer again, with its headers', async () => {
    const headers = { 'idempotency-key': 'k-2' };
    const one = await ask({ stream: false, headers });
    const text = await one.text();
    const two = await ask({ stream: false, headers, at: 1 });
    expect(two.headers.get('content-type')).toBe(one.headers.get('content-type'));
    expect(await two.text()).toBe(text);
    expect(await sluice.simulator.calls()).toHaveLength(1);
  });

  it('is refused with another body, and independent of other keys', async () => {
    const headers = { 'idempotency-key': 'k-3' };
    await (await ask({ stream: false, headers })).text();
    const reused = await ask({ stream: false, headers, content: 'rid=y' });
    expect(reused.status).toBe(422);
    expect(await reused.json()).toMatchObject({ error: { code: 'idempotency_key_reused', param: 'Idempotency-Key' } });
    expect((await ask({ stream: false, headers, key: otherKey })).status).toBe(200);
    expect((await ask({ stream: false, headers: { 'idempotency-key': 'x'.repeat(300) } })).status).toBe(400);
  });

  it('is sent again after an error', async () => {
    const headers = { 'idempotency-key': 'k-4' };
    expect((await ask({ stream: false, headers, model: 'demo-e400' })).status).toBe(400);
    expect((await ask({ stream: false, headers, model: 'demo-e400' })).status).toBe(400);
    expect(await sluice.simulator.calls()).toHaveLength(2);
  });

  it('counts once against the limits and costs nothing again', async () => {
    const headers = { 'idempotency-key': 'k-5' };
    const one = await ask({ stream: false, headers });
    await one.text();
    const two = await ask({ stream: false, headers });
    expect(two.headers.get('x-ratelimit-remaining-requests')).toBeNull();
    await until(async () => (await sluice.simulator.calls()).length === 1, { what: 'one call was made' });
  });

  it('gets the list of Gemini again as JSON, and its events as events', async () => {
    const list = (query: string, key: string) =>
      fetch(`${sluice.url(0).slice(0, -3)}/v1beta/models/demo-t4:streamGenerateContent${query}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-goog-api-key': apiKey,
          ...resume,
          ...(key === '' ? {} : { 'idempotency-key': key }),
        },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'rid=x' }] }] }),
      });
    const [first, again] = [await list('', 'k-6'), await list('', 'k-6')];
    const text = await first.text();
    expect(JSON.parse(text)).toBeInstanceOf(Array);
    expect(again.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await again.text()).toBe(text);
    const reused = await list('?alt=sse', 'k-6');
    expect(reused.status).toBe(422);
    await reused.text();
    expect(await (await list('?alt=sse', '')).text()).toMatch(/^id: 1\ndata: \{/);
  });

  it('that waits for a failing one is sent itself, without the header of a replay', async () => {
    const asked = { stream: false, headers: { 'idempotency-key': 'k-7' }, model: 'demo-e400' };
    const both = await Promise.all([ask(asked), ask({ ...asked, at: 1 })]);
    for (const { status, headers } of both) {
      expect([status, headers.get('x-sluice-replayed')]).toEqual([400, null]);
    }
  });
});

describe('a surface with its own envelope', () => {
  it('keeps it for answers that are not there', async () => {
    const missing = await fetch(`${sluice.url(0)}/messages/none/stream`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });
});
