import type { ModelLister } from '@sluice/providers';
import type { CallListener } from '@sluice/upstream';
import { expect, it } from 'vitest';
import { listModels, type Listing } from '../../src/models/list-models.ts';
import type { CallClient } from '../../src/targets/upstream-clients.ts';

/** Pages whose text is the answer, as `name,name;next`. */
const lister: ModelLister = {
  toUpstream: (_plan, next = '') => ({ method: 'GET', url: `http://sim/${next}`, headers: {}, body: undefined }),
  read(text) {
    const [names = '', next] = text.split(';');
    return text === 'no list' ? undefined : { names: names === '' ? [] : names.split(','), next };
  },
};

interface Answer {
  readonly status?: number;
  readonly text: string;
}

/** Asks an upstream that has these answers, by path; for another path it has none. */
function ask(answers: Readonly<Record<string, Answer>>, signal = new AbortController().signal) {
  const asked: string[] = [];
  const call = ({ url }: { readonly url: string }, listener: CallListener) => {
    asked.push(url);
    const answer = answers[new URL(url).pathname];
    setImmediate(() => {
      if (answer === undefined) return;
      listener.onHead({ status: answer.status ?? 200, headers: {}, receivedAt: 0 });
      listener.onText(answer.text);
      listener.onEnd();
    });
    return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
  };
  const client: CallClient = { call, tell: () => undefined };
  const listing = listModels({
    lister,
    toFailure: ({ status }, text) => ({ kind: 'authentication', status, message: text }),
    plan: { baseUrl: 'http://sim', apiKey: undefined, startedAtMs: 0 },
    client,
    signal,
    maxBodyBytes: 20,
  });
  return { listing, asked };
}

it('reads all pages', async () => {
  const { listing, asked } = ask({ '/': { text: 'a,b;two' }, '/two': { text: 'c' } });
  expect(await listing).toEqual({ kind: 'told', names: ['a', 'b', 'c'] } satisfies Listing);
  expect(asked).toEqual(['http://sim/', 'http://sim/two']);
});

it.each<[string, Readonly<Record<string, Answer>>, object]>([
  ['an error', { '/': { status: 401, text: 'no' } }, { kind: 'authentication', status: 401, message: 'no' }],
  ['an error on a later page', { '/': { text: 'a;two' }, '/two': { status: 500, text: 'no' } }, { status: 500 }],
  ['an answer that is not a list', { '/': { text: 'no list' } }, { kind: 'malformed' }],
  ['an empty list', { '/': { text: '' } }, { kind: 'malformed', message: "The provider's list of models is empty." }],
  ['a list without an end', { '/': { text: 'a;two' }, '/two': { text: 'b;two' } }, { kind: 'malformed' }],
  ['a list that is too long', { '/': { text: 'a'.repeat(21) } }, { kind: 'malformed' }],
])('fails of %s', async (_what, answers, failure) => {
  expect(await ask(answers).listing).toMatchObject({ kind: 'failed', failure });
});

it('ends at once when the worker stops', async () => {
  const controller = new AbortController();
  const { listing } = ask({}, controller.signal);
  controller.abort();
  expect(await listing).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
});
