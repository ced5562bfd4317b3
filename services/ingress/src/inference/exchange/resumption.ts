import { type Delivered, GatewayError } from '@sluice/protocol';
import { createTranscript, type EventForm, isContinuable, type Transcript } from '@sluice/answers';

/** The decision on a request whose run ended before its answer did. */
export type RerunDecision =
  /** Another run, which resumes `delivered`; undefined if the client has nothing yet. */
  | { readonly kind: 'rerun'; readonly delivered: Delivered | undefined }
  /** The client has the whole answer; only the report of its end was lost. */
  | { readonly kind: 'complete'; readonly finishReason: string }
  | { readonly kind: 'over' };

/** Records the part of an answer that the client has, and decides if another run can resume it. */
export interface Resumption {
  /** Records the number of extensions of the answer so far. */
  extended(extensions: number): void;
  /** The texts that follow have this form. */
  reads(form: EventForm): void;
  /** Records a text that the client gets. */
  deliver(text: string): void;
  /** Number of chunks that the client has; about as many tokens. */
  chunks(): number;
  /** Number of those that have reasoning alone. */
  reasoningChunks(): number;
  /** Decides on the request after a run that ended before its answer did. */
  decide(): RerunDecision;
  /** Returns the error for the client. Its message has the length of the delivered part, if there is one. */
  brokenOff(error: GatewayError): GatewayError;
}

export interface ResumptionRequest {
  /** The client's request, JSON. */
  readonly body: Buffer;
  readonly stream: boolean;
}

export function createResumption({ body, stream }: ResumptionRequest): Resumption {
  const transcript: Transcript | undefined = stream ? createTranscript() : undefined;
  let hasDelivered = false;
  let extensions = 0;

  function brokenOff(error: GatewayError): GatewayError {
    if (transcript === undefined || !hasDelivered) return error;
    const { characters } = transcript.read();
    const { code, param, upstreamCode, retryAfterMs, retryable } = error;
    const cause = /[.!?…。！？]$/.test(error.message) ? error.message : `${error.message}.`;
    const message = `${cause} The answer broke off after ${characters} characters.`;
    return new GatewayError(code, { message, param, upstreamCode, retryAfterMs, retryable, cause: error });
  }

  return {
    extended: (count) => (extensions = count),
    reads: (form) => transcript?.reads(form),
    deliver(text) {
      hasDelivered = true;
      transcript?.add(text);
    },
    chunks: () => transcript?.read().chunks ?? 0,
    reasoningChunks: () => transcript?.read().reasoningChunks ?? 0,
    decide() {
      if (!hasDelivered) return { kind: 'rerun', delivered: undefined };
      if (transcript === undefined) return { kind: 'over' };
      const { finishReason, delivered } = transcript.read();
      const isResumable = isContinuable(JSON.parse(body.toString('utf8')) as Record<string, unknown>);
      if (isResumable && finishReason !== undefined) return { kind: 'complete', finishReason };
      if (isResumable && delivered !== undefined)
        return { kind: 'rerun', delivered: extensions > 0 ? { ...delivered, continuations: extensions } : delivered };
      return { kind: 'over' };
    },
    brokenOff,
  };
}
