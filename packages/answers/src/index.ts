export { extendStream } from './extend/extend-stream.ts';
export { extendWhole } from './extend/extend-whole.ts';
export type { ExtendedAnswer } from './extend/extended-answer.ts';
export { isReshaped, type ReshapingMode, type ThinkingMode, thinkingModes } from './reasoning/modes.ts';
export { createReasoningStream, type ReasoningStream } from './reasoning/reasoning-stream.ts';
export { reshapeCompletion } from './reasoning/reshape-whole.ts';
export {
  isContinuable,
  isExtensible,
  type PrefillStyle,
  prefillStyles,
  withAnswerSoFar,
  withPrefill,
} from './resume/prefill.ts';
export { createResumedAnswer, type ResumedAnswer, type ResumeMode } from './resume/resumed-answer.ts';
export { createTranscript, type EventForm, type Reading, type Transcript } from './resume/transcript.ts';
