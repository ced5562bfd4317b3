import { type Delivered, GatewayError } from '@sluice/protocol';
import { createTranscript, isContinuable, type Transcript } from '@sluice/answers';

/** The fate of a request whose run ended before its answer did. */
export type Continuation =
  /** Another run; `delivered` is what it goes on from, undefined if the client has nothing yet. */
  | { readonly kind: 'rerun'; readonly delivered: Delivered | undefined }
  /** The client has the whole answer: only the word that it is complete was lost. */
  | { readonly kind: 'complete'; readonly finishReason: string }
  | { readonly kind: 'over'; readonly error: GatewayError };

/** Knows what the client has of an answer, and whether it may go on from there. */
export interface Rescue {
  /** The answer has come so far by so many calls beyond its first. */
  continued(continuations: number): void;
  /** This goes out to the client. */
  deliver(text: string): void;
  /** Chunks that the client has; about as many tokens. */
  chunks(): number;
  /** @param error why the run ended */
  after(error: GatewayError): Continuation;
  /** The error for a client that has part of an answer: it says how far that got. */
  brokenOff(error: GatewayError): GatewayError;
}

export interface ResumptionRequest {
  /** The client's request, JSON. */
  readonly body: Buffer;
  readonly stream: boolean;
}

export function createResumption({ body, stream }: ResumptionRequest): Rescue {
  const transcript: Transcript | undefined = stream ? createTranscript() : undefined;
  let hasDelivered = false;
  let continuations = 0;

  function brokenOff(error: GatewayError): GatewayError {
    if (transcript === undefined || !hasDelivered) return error;
    const { characters } = transcript.read();
    const { code, param, upstreamCode, retryAfterMs, retryable } = error;
    const cause = /[.!?…。！？]$/.test(error.message) ? error.message : `${error.message}.`;
    const message = `${cause} The answer broke off after ${characters} characters.`;
    return new GatewayError(code, { message, param, upstreamCode, retryAfterMs, retryable, cause: error });
  }

  return {
    continued: (count) => (continuations = count),
    deliver(text) {
      hasDelivered = true;
      transcript?.add(text);
    },
    chunks: () => transcript?.read().chunks ?? 0,
    after(error) {
      if (!hasDelivered) return { kind: 'rerun', delivered: undefined };
      if (transcript === undefined) return { kind: 'over', error };
      const { finishReason, delivered } = transcript.read();
      const mayGoOn = isContinuable(JSON.parse(body.toString('utf8')) as Record<string, unknown>);
      if (mayGoOn && finishReason !== undefined) return { kind: 'complete', finishReason };
      if (mayGoOn && delivered !== undefined)
        return { kind: 'rerun', delivered: continuations > 0 ? { ...delivered, continuations } : delivered };
      return { kind: 'over', error: brokenOff(error) };
    },
    brokenOff,
  };
}
