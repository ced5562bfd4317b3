import { setTimeout as delay } from 'node:timers/promises';
import { type AnswerPlace, type KeptAnswers, processOf } from '@sluice/kept-answers';
import type { Response } from 'express';
import { z } from 'zod';
import { framesOf } from './numbered-form.ts';

export interface ShowAnswerNeeds {
  readonly kept: Pick<KeptAnswers, 'find' | 'read'>;
  /** Returns whether a process is alive. */
  readonly isAlive: (processId: string) => Promise<boolean>;
}

/** An answer for a viewer, from the event after this number on. */
export interface ShownAnswer {
  readonly place: AnswerPlace;
  readonly startingAfter: number;
  readonly response: Response;
  /** Of a stream; default: server-sent events. */
  readonly contentType?: string | undefined;
  /** Called once, right before the head of the answer is sent. */
  readonly onBegin?: (() => void) | undefined;
}

/** Pause between two looks at an answer that does not grow. A look costs about 0.1 ms. */
const lookMs = 100;
/** Looks without an event after which the owner of the answer is asked for. */
const looksUntilDoubt = 20;

/** The head of a whole answer, as it is kept. */
const headSchema = z.object({ headers: z.record(z.string(), z.string()) });

/** `lost`: nothing was sent, and the owner of the answer is gone. `missing`: there is no such answer. */
export type Shown = 'shown' | 'lost' | 'missing';

/**
 * Sends a kept answer as its first client got it, while it grows, to its end. Costs and counts nothing.
 */
export async function showAnswer({ kept, isAlive }: ShowAnswerNeeds, shown: ShownAnswer): Promise<Shown> {
  const { place, startingAfter, response } = shown;
  let after = '';
  let quiet = 0;
  let owner: string | undefined;
  let isWhole = false;
  while (!response.destroyed) {
    const found = await kept.find(place);
    if (found === undefined) return endMissing(response);
    // Another request has opened the answer anew: its events do not continue those that the viewer has.
    if (owner !== undefined && found.owner !== owner) return endMissing(response);
    owner = found.owner;
    const entries = await kept.read(place, after);
    // A whole answer gets its head together with its text, which can be after the look above.
    const isFirst = entries.length > 0 && !response.headersSent;
    const head = found.head ?? (isFirst ? (await kept.find(place))?.head : undefined);
    isWhole ||= head !== undefined;
    for (const { id, last, text } of entries) {
      after = id;
      if (head !== undefined) sendHead(shown, head);
      else openStream(shown);
      const rest = last <= startingAfter ? '' : !isWhole ? restOf(text, last, startingAfter) : text;
      if (rest !== '' && !response.write(rest)) await drained(response);
    }
    quiet = entries.length > 0 ? 0 : quiet + 1;
    if (entries.length > 0) continue;
    if (found.state !== 'running') {
      openStream(shown);
      response.end();
      return 'shown';
    }
    if (quiet % looksUntilDoubt === 0 && !(await isAlive(processOf(found.owner)))) {
      if (!response.headersSent) return 'lost';
      // The client must see a broken answer, not a complete one.
      response.destroy();
      return 'shown';
    }
    await delay(lookMs);
  }
  return 'shown';
}

/** An answer can be dropped while a viewer reads it, for example by a Redis that has lost its data. */
function endMissing(response: Response): Shown {
  if (!response.headersSent) return 'missing';
  response.destroy();
  return 'shown';
}

function openStream({ response, contentType, onBegin }: ShownAnswer): void {
  if (response.headersSent) return;
  onBegin?.();
  response.writeHead(200, {
    'content-type': contentType ?? 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
}

function sendHead({ response, onBegin }: ShownAnswer, head: string): void {
  if (response.headersSent) return;
  onBegin?.();
  response.writeHead(200, headSchema.parse(JSON.parse(head)).headers);
}

/** Leaves out the events that the viewer has. */
function restOf(text: string, last: number, startingAfter: number): string {
  if (startingAfter === 0) return text;
  const frames = framesOf(text);
  const first = last - frames.length + 1;
  return frames.slice(Math.max(0, startingAfter - first + 1)).join('');
}

const drained = (response: Response): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
