import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Options of {@link until}. */
export interface UntilOptions {
  /** Name of the condition, for the message "waited 15000 ms for …". */
  readonly what: string;
  /** Default 15,000: a busy machine needs some of it. */
  readonly timeoutMs?: number;
  /** Pause between two checks; default 10. */
  readonly intervalMs?: number;
}

/** A truthy value: falsy ones mean "not yet". */
export type Truthy<Value> = NonNullable<Exclude<Value, false | 0 | '' | 0n>>;

type Answer<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'none' };

/**
 * Resolves with the first truthy value of a condition. A condition that throws or rejects is called again.
 * @throws Error after `timeoutMs` that names the condition and its last value or error, even if a call of the condition
 * never answers.
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  { what, timeoutMs = 15_000, intervalMs = 10 }: UntilOptions,
): Promise<Truthy<Value>> {
  let isTimeUp = false;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<Answer<Value>>((resolve) => {
    timer = setTimeout(() => {
      isTimeUp = true;
      resolve({ kind: 'none' });
    }, timeoutMs);
  });
  let last: Answer<Value> = { kind: 'none' };
  try {
    for (;;) {
      const answer = await Promise.race([timeUp, ask(condition)]);
      if (answer.kind === 'value' && answer.value) return answer.value as Truthy<Value>;
      if (answer.kind !== 'none') last = answer;
      if (isTimeUp) throw timeoutError(`waited ${timeoutMs} ms for ${what}`, last);
      await Promise.race([timeUp, pause(intervalMs)]);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function ask<Value>(condition: () => Value | Promise<Value>): Promise<Answer<Value>> {
  try {
    return { kind: 'value', value: await condition() };
  } catch (error) {
    return { kind: 'error', error };
  }
}

function timeoutError(waited: string, last: Answer<unknown>): Error {
  switch (last.kind) {
    case 'value':
      return new Error(`${waited}; the last value was ${brief(inspect(last.value))}`);
    case 'error': {
      const { error } = last;
      const text = error instanceof Error ? error.message : inspect(error);
      return new Error(`${waited}; the last error was: ${brief(text)}`, { cause: error });
    }
    case 'none':
      return new Error(`${waited}; the condition never answered`);
  }
}

function brief(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}
