import type { UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, ChatBody, StreamState, StreamTranslator } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { toStatedFailure } from './failure.ts';

/** Translates OpenAI's stream; an event without choices may be an error in iFlow's shape. */
export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  const inner = openaiAdapter.translateStream(body, plan);
  let failure: UpstreamFailure | undefined;
  return {
    push(event) {
      // Inside the answer's text every quote is escaped.
      if (inner.state.kind === 'open' && !event.data.includes('"choices"')) failure ??= toStatedFailure(event.data);
      return failure === undefined ? inner.push(event) : '';
    },
    end: () => (failure === undefined ? inner.end() : ''),
    get state(): StreamState {
      return failure === undefined ? inner.state : { kind: 'failed', failure };
    },
    get isFinished() {
      return inner.isFinished;
    },
  };
}
