import type { StreamForm } from '../inference/reply/answer-form.ts';

/** Numbers the events of a stream from 1, in the field that browsers send back as `Last-Event-ID`. */
export function numbered(form: StreamForm): StreamForm {
  // A list of JSON has no events that a number could stand in.
  if (form.contentType !== undefined) return form;
  let number = 0;
  const withIds = (events: string): string =>
    framesOf(events)
      .map((frame) => `id: ${++number}\n${frame}`)
      .join('');
  return {
    ...form,
    onData: (events) => withIds(form.onData(events)),
    end: (cost) => withIds(form.end(cost)),
    error: (error) => withIds(form.error(error)),
  };
}

/** Splits events, each with the blank line after it. */
export const framesOf = (events: string): readonly string[] =>
  events
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => `${frame}\n\n`);

/** Number of events in a text. */
export const countFrames = (events: string): number => framesOf(events).length;
