import type { AnswerEntry, FoundAnswer } from '@sluice/kept-answers';
import { describe, expect, it } from 'vitest';
import { showAnswer, type Shown } from '../../src/kept/show-answer.ts';
import { serve } from '../middleware/serving.ts';

const place = { id: 'a', keyId: 'k' };
const entry = (id: number, last: number, text: string): AnswerEntry => ({ id: `${id}-0`, last, text });

interface Answer {
  /** States of the answer, one for each look; the last one stays. */
  readonly found: readonly (Partial<FoundAnswer> | undefined)[];
  readonly entries?: readonly (readonly AnswerEntry[])[];
  readonly isAlive?: boolean;
  readonly startingAfter?: number;
  readonly contentType?: string;
  readonly onBegin?: () => void;
}

async function show({ found, entries = [], isAlive = true, startingAfter = 0, ...rest }: Answer) {
  let looks = 0;
  let shown: Shown | undefined;
  const port = await serve((_request, response) => {
    void showAnswer(
      {
        kept: {
          find: async () => {
            const state = found[Math.min(looks++, found.length - 1)];
            return state && { owner: 'p:1', state: 'running', head: undefined, ...state };
          },
          read: async (_place, after) => {
            const later = entries
              .flat()
              .filter(({ id }) => after === '' || Number.parseInt(id) > Number.parseInt(after));
            return later.slice(0, 1);
          },
        },
        isAlive: async () => isAlive,
      },
      { place, startingAfter, response: response as never, ...rest },
    ).then((result) => {
      shown = result;
      if (!response.headersSent) response.writeHead(599).end();
    });
  });
  const answered = await fetch(`http://127.0.0.1:${port}`);
  const text = await answered.text().catch(() => 'broken');
  return { status: answered.status, type: answered.headers.get('content-type'), text, shown };
}

const events = [[entry(1, 2, 'one\n\ntwo\n\n'), entry(2, 3, 'three\n\n')]];

describe('a kept answer', () => {
  it('is shown to its end', async () => {
    const { status, type, text } = await show({ found: [{}, {}, {}, { state: 'ended' }], entries: events });
    expect([status, type, text]).toEqual([200, 'text/event-stream; charset=utf-8', 'one\n\ntwo\n\nthree\n\n']);
  });

  it.each([
    [1, 'two\n\nthree\n\n'],
    [2, 'three\n\n'],
    [3, ''],
    [9, ''],
  ])('is shown from the event after number %i on', async (startingAfter, rest) => {
    expect((await show({ found: [{ state: 'ended' }], entries: events, startingAfter })).text).toBe(rest);
  });

  it('that is whole has the headers of its first client', async () => {
    const head = JSON.stringify({ headers: { 'content-type': 'application/json' } });
    const whole = [[entry(1, 1, '{"a":1}')]];
    expect(await show({ found: [{ state: 'ended', head }], entries: whole })).toMatchObject({
      type: 'application/json',
      text: '{"a":1}',
    });
  });

  it('that is whole has its headers, also if it ends between two looks', async () => {
    const head = JSON.stringify({ headers: { 'content-type': 'application/json' } });
    const found = [{}, { state: 'ended' as const, head }];
    const whole = [[entry(1, 1, '{"a":1}')]];
    expect(await show({ found, entries: whole })).toMatchObject({ type: 'application/json', text: '{"a":1}' });
  });

  it('that does not exist is missing', async () => {
    expect(await show({ found: [undefined] })).toMatchObject({ status: 599, shown: 'missing' });
  });

  it('whose owner has died is lost, or broken if a part of it was shown', async () => {
    expect(await show({ found: [{}], isAlive: false })).toMatchObject({ status: 599, shown: 'lost' });
    expect(await show({ found: [{}], isAlive: false, entries: events })).toMatchObject({ text: 'broken' });
  });

  it('is broken if another request has opened it anew', async () => {
    const found = [...Array.from({ length: 4 }, () => ({ owner: 'p:1' })), { owner: 'q:2' }];
    expect(await show({ found, entries: events })).toMatchObject({ status: 200, text: 'broken' });
    expect(await show({ found })).toMatchObject({ shown: 'missing' });
  });

  it('has the content type of its surface, and tells when it begins', async () => {
    let begins = 0;
    const contentType = 'application/json; charset=utf-8';
    const list = await show({ found: [{ state: 'ended' }], entries: events, contentType, onBegin: () => begins++ });
    expect([list.type, begins]).toEqual([contentType, 1]);
    await show({ found: [{}], isAlive: false, onBegin: () => begins++ });
    expect(begins).toBe(1);
  });
});
