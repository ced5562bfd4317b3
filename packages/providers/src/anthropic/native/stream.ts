import type { UpstreamEvent, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, PassedEvents, StreamTranslator } from '../../adapter.ts';
import { openStream } from '../../answer/stream-translator.ts';
import { parsePlainText } from '../../plain-text.ts';
import { unreadable } from '../blocks.ts';
import { toInnerFailure } from '../failure.ts';
import { wireEventSchema } from '../wire.ts';
import { createProgress, type Progress } from './progress.ts';

/**
 * Passes Anthropic's events on. Reads only those that name the model, count tokens, end the answer or fail. Events before
 * the first piece of the answer are held back, so that another target may still answer if this one fails.
 */
export function passStream(plan: CallPlan): StreamTranslator {
  const progress = createProgress(plan.model);
  const start = createHeldStart();

  function fail(failure: UpstreamFailure): string {
    translator.state = { kind: 'failed', failure };
    return '';
  }

  function inspect({ event: name, data }: UpstreamEvent): string {
    const event = parsePlainText(wireEventSchema, data);
    if (event === undefined) return fail(unreadable);
    // SDKs tell events apart by their names; some servers that imitate Anthropic send none.
    const text = textOf(name ?? event.type, data);
    switch (event.type) {
      case 'message_start':
        progress.model(event.message?.model);
        progress.usage(event.message?.usage);
        return start.hold(text);
      case 'content_block_start': {
        const type = event.content_block?.type;
        if (type === 'text' || type === 'thinking') return start.hold(text);
        if (type === 'tool_use') progress.call();
        progress.piece('output');
        return start.release(text);
      }
      case 'content_block_delta':
        countDelta(progress, data);
        return start.release(text);
      case 'message_delta':
        progress.usage(event.usage);
        progress.stop(event.delta?.stop_reason);
        translator.isFinished ||= progress.summary() !== undefined;
        return start.release(text);
      case 'message_stop': {
        const summary = progress.summary();
        if (summary === undefined) return fail(truncated);
        translator.state = { kind: 'complete', summary };
        return start.release(text);
      }
      case 'error':
        return fail(withAnswer(toInnerFailure(event.error ?? {}), data));
      case 'ping':
        translator.heartbeats++;
        return start.isHeld() ? '' : text;
      default:
        return start.hold(text);
    }
  }

  const translator: StreamTranslator & { state: StreamTranslator['state']; isFinished: boolean; heartbeats: number } = {
    state: openStream,
    isFinished: false,
    heartbeats: 0,
    pass: (text) => (start.isHeld() || translator.state.kind !== 'open' ? nothing : passDeltas(text, progress)),
    push(event) {
      if (translator.state.kind !== 'open') return '';
      progress.event();
      if (event.event !== 'content_block_delta') return inspect(event);
      countDelta(progress, event.data);
      return start.release(textOf(event.event, event.data));
    },
    counted: progress.counted,
    end: () => (translator.state.kind === 'open' ? fail(truncated) : ''),
  };
  return translator;
}

/** Holds events back until the first piece of the answer. */
function createHeldStart(): {
  hold(text: string): string;
  /** Returns what was held back, and this text. */
  release(text: string): string;
  isHeld(): boolean;
} {
  let held: string | undefined = '';
  return {
    hold(text) {
      if (held === undefined) return text;
      held += text;
      return '';
    },
    release(text) {
      if (held === undefined) return text;
      const all = held + text;
      held = undefined;
      return all;
    },
    isHeld: () => held !== undefined,
  };
}

const nothing: PassedEvents = { length: 0, events: 0 };

/** An event with a piece of text or reasoning; most events of a stream are such. */
const delta = /event: content_block_delta\ndata: [^\n]*\n\n/y;

function passDeltas(text: string, progress: Progress): PassedEvents {
  let length = 0;
  let events = 0;
  delta.lastIndex = 0;
  for (let match = delta.exec(text); match !== null; match = delta.exec(text)) {
    length = delta.lastIndex;
    events++;
    progress.event();
    countDelta(progress, match[0]);
  }
  return { length, events };
}

const countDelta = (progress: Progress, data: string): void =>
  progress.piece(data.includes('"thinking_delta"') ? 'reasoning' : 'output');

const textOf = (name: string, data: string): string => `event: ${name}\n${data.split('\n').map(toLine).join('')}\n`;

const toLine = (line: string): string => `data: ${line}\n`;

/** An error inside a stream has no status of its own. */
const withAnswer = (failure: UpstreamFailure, data: string): UpstreamFailure =>
  data.length > longestAnswer ? failure : { ...failure, answer: { status: 400, body: data } };

const longestAnswer = 16_384;

const truncated: UpstreamFailure = { kind: 'truncated', message: "The provider's answer broke off before its end." };
