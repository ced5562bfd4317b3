import type { UpstreamEvent, UpstreamFailure, Usage } from '@sluice/protocol';
import type { AnswerSummary, ChatBody, StreamState, StreamTranslator } from '../adapter.ts';
import { toInnerFailure } from './failure.ts';
import { clientWantsUsage } from '../stream-options.ts';
import { chunkSchema } from './wire.ts';
import { parseText } from '../parse-text.ts';

/**
 * Passes an OpenAI stream on. A chunk in the middle of an answer is neither parsed nor changed; only the first chunk and
 * those that finish, count or fail are looked into.
 *
 * The patterns below can't be met inside the answer's text: there every quote is escaped.
 */
export function translateStream(body: ChatBody): StreamTranslator {
  const keepsUsageChunk = clientWantsUsage(body);
  let state: StreamState = { kind: 'open' };
  let usage: Usage | undefined;
  let finishReason: string | undefined;
  let responseModel: string | undefined;
  let hasChunks = false;
  const choices = typeof body['n'] === 'number' ? body['n'] : 1;
  const finished = new Set<number>();

  const summary = (): AnswerSummary => ({ usage, finishReason, responseModel });

  function fail(failure: UpstreamFailure): string {
    state = { kind: 'failed', failure };
    return '';
  }

  function done(): string {
    if (!hasChunks) return fail({ kind: 'malformed', message: "The provider's answer is empty." });
    state = { kind: 'complete', summary: summary() };
    return '';
  }

  const isFinished = (): boolean => finished.size >= choices;

  function inspect(data: string): string {
    const chunk = parseText(chunkSchema, data);
    if (chunk === undefined)
      return fail({ kind: 'malformed', message: 'The provider sent an event that is not JSON.' });
    if (chunk.error) return fail(toInnerFailure(chunk.error));
    if (!chunk.choices) return '';
    // An empty name is Azure's way to say nothing.
    responseModel ??= chunk.model || undefined;
    usage = chunk.usage ?? usage;
    // Neither answer nor usage: what a content filter found in the prompt. SDK users index the first choice blindly.
    if (chunk.choices.length === 0 && chunk.usage == null) return '';
    for (const choice of chunk.choices) {
      if (!choice.finish_reason) continue;
      finishReason = choice.finish_reason;
      finished.add(choice.index ?? 0);
    }
    const isUsageOnly = chunk.choices.length === 0 && chunk.usage != null;
    hasChunks ||= !isUsageOnly;
    // Nothing follows the usage but [DONE], for which nobody has to wait.
    if (isUsageOnly && isFinished()) done();
    return isUsageOnly && !keepsUsageChunk ? '' : toSse(data);
  }

  return {
    push({ data }: UpstreamEvent) {
      if (state.kind !== 'open') return '';
      if (data === '[DONE]') return done();
      return hasChunks && isPlainDelta(data) ? toSse(data) : inspect(data);
    },
    end() {
      if (state.kind !== 'open') return '';
      // Some servers leave out [DONE]; a finish reason says as much.
      if (finishReason === undefined) {
        fail({ kind: 'truncated', message: "The provider's answer broke off before its end." });
      } else {
        done();
      }
      return '';
    },
    get state() {
      return state;
    },
    get isFinished() {
      return isFinished();
    },
  };
}

/** A whole JSON object that continues an answer: it neither finishes, nor counts, nor fails. */
function isPlainDelta(data: string): boolean {
  return (
    data.startsWith('{') &&
    data.endsWith('}') &&
    data.includes('"finish_reason":null') &&
    !data.includes('"usage":{') &&
    !data.includes('"error":')
  );
}

/** Frames one chunk; JSON may stand on several lines, and each needs its own `data:`. */
function toSse(data: string): string {
  return data.includes('\n') ? `data: ${data.replaceAll('\n', '\ndata: ')}\n\n` : `data: ${data}\n\n`;
}
