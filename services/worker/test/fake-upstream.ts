import type { ResponseHead, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import type { CallListener, UpstreamClient } from '@sluice/upstream';

/** An upstream client whose answers a test speaks line by line. */
export interface FakeUpstream extends Omit<UpstreamClient, 'pool'> {
  readonly requests: UpstreamRequest[];
  head(status?: number, contentType?: string): void;
  text(text: string): void;
  event(data: string): void;
  end(): void;
  fail(failure: UpstreamFailure, isCut?: boolean): void;
  readonly isAborted: boolean;
  readonly isPaused: boolean;
}

export function createFakeUpstream(): FakeUpstream {
  const requests: UpstreamRequest[] = [];
  let listener: CallListener | undefined;
  let isAborted = false;
  let isPaused = false;
  const tell = (): CallListener => {
    if (listener === undefined) throw new Error('the upstream has not been called');
    return listener;
  };
  const fake: FakeUpstream = {
    requests,
    call(request, listening) {
      requests.push(request);
      listener = listening;
      isAborted = false;
      return {
        abort: () => (isAborted = true),
        pause: () => (isPaused = true),
        resume: () => (isPaused = false),
      };
    },
    tell: (request) => void requests.push(request),
    head(status = 200, contentType = 'text/event-stream') {
      const head: ResponseHead = { status, headers: { 'content-type': contentType }, receivedAt: 0 };
      tell().onHead(head);
    },
    text: (text) => tell().onText(text),
    event: (data) => tell().onText(`data: ${data}\n\n`),
    end: () => tell().onEnd(),
    fail: (failure, isCut = false) => tell().onFailure(failure, isCut),
    close: () => Promise.resolve(),
    get isAborted() {
      return isAborted;
    },
    get isPaused() {
      return isPaused;
    },
  };
  return fake;
}

/** Names of an answer, as OpenAI gives them. */
export const names = { id: 'c', created: 1, model: 'm' } as const;

/** A valid chunk. */
export const delta = (content: string, finishReason: string | null = null): string =>
  JSON.stringify({
    ...names,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: finishReason }],
  });

/** A valid chunk after the first one: without the role. */
export const laterDelta = (content: string, finishReason: string | null = null): string =>
  JSON.stringify({
    ...names,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content }, finish_reason: finishReason }],
  });
