export { isContinuable, type PrefillStyle, prefillStyles, withPrefill } from './prefill.ts';
export { createStitch, type RescueMode, type Stitch } from './stitch.ts';
export { createTranscript, type Reading, type Transcript } from './transcript.ts';
