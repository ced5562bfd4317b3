export { type AnswerJoin } from './answer-join.ts';
export {
  isContinuable,
  isExtensible,
  type PrefillStyle,
  prefillStyles,
  withAnswerSoFar,
  withPrefill,
} from './prefill.ts';
export { createResumedAnswer, type ResumeMode, type ResumedAnswer } from './stitch.ts';
export { createStreamJoin } from './stream-join.ts';
export { createTranscript, type Reading, type Transcript } from './transcript.ts';
export { createWholeJoin } from './whole-join.ts';
