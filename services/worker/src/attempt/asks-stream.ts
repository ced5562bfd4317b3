import type { ChatBody, ChatJob } from '@sluice/protocol';
import type { ClaimedRun } from '../run/claimed-run.ts';
import type { NextAttempt } from '../run/progress.ts';
import type { Target } from '../targets/targets.ts';

/** Returns whether the provider is asked for a stream, whatever the client wants. */
export function isAskedToStream({ stream, operation }: ChatJob, target: Target, body: ChatBody): boolean {
  if (target.adapter.isStreamOnly === true) return true;
  if (target.isWholeOnly) return false;
  if (stream) return true;
  return target.wholeAnswers === 'collect' && operation === 'chat' && !wantsAudio(body);
}

/** Audio is requested as a whole answer: streamed audio has another format, which some providers do not offer. */
function wantsAudio({ modalities, audio }: ChatBody): boolean {
  return (audio !== undefined && audio !== null) || (Array.isArray(modalities) && modalities.includes('audio'));
}

/** Returns whether the provider is asked for a stream in this attempt. A request in the client's own protocol is not changed. */
export const asksStream = (
  { job, body }: Pick<ClaimedRun, 'job' | 'body'>,
  { candidate, opening }: Pick<NextAttempt, 'candidate' | 'opening'>,
): boolean => (opening.native === undefined ? isAskedToStream(job, candidate.target, body) : job.stream);
