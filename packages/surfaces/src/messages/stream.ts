import { eventsOf, GatewayError, readChunk } from '@sluice/protocol';
import { toMessagesError } from './errors.ts';
import { type Watched, watch } from './native-watch.ts';
import { type MessageEvent, writeEvents } from './stream-events.ts';
import { endMessage, firstState, takeChunk } from './stream-state.ts';

/** Translates one stream of chat events to a stream of Anthropic's. Never throws. */
export interface MessageStream {
  /** The events that follow are Anthropic's own and are passed on, or are chat events again. Default: chat events. */
  reads(isNative: boolean): void;
  /** Takes whole server-sent events. Returns the client's events, or ''. */
  onData(events: string): string;
  /** Returns the events that end the message; an error if the answer has told no end. */
  end(): string;
  /** Returns the event of a failure. */
  error(error: GatewayError): string;
}

export interface MessageStreamNeeds {
  /** Id of the request that the client gets. */
  readonly requestId: string;
  /** Estimate of the prompt's tokens, until the provider counts them. Default: 0. */
  readonly promptTokens?: number;
}

export function createMessageStream({ requestId, promptTokens = 0 }: MessageStreamNeeds): MessageStream {
  let watched: Watched = { state: firstState(promptTokens), isOver: false };
  let isNative = false;

  function take(events: string): string {
    const all: MessageEvent[] = [];
    for (const { data } of eventsOf(events)) {
      const chunk = readChunk(data);
      if (chunk === undefined) continue;
      const step = takeChunk(watched.state, chunk);
      watched = { ...watched, state: step.state };
      all.push(...step.events);
    }
    return writeEvents(all);
  }

  const error = (failure: GatewayError): string =>
    `event: error\ndata: ${JSON.stringify(toMessagesError(failure, requestId).body)}\n\n`;

  return {
    reads: (native) => void (isNative = native),
    onData(events) {
      if (!isNative) return take(events);
      watched = watch(watched, events);
      return events;
    },
    end() {
      if (watched.isOver) return '';
      const step = endMessage(watched.state);
      return step === undefined ? error(new GatewayError('upstream_truncated')) : writeEvents(step.events);
    },
    error,
  };
}
