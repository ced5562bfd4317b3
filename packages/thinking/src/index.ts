export { isReshaped, type ReshapingMode, type ThinkingMode, thinkingModes } from './modes.ts';
export { createReasoningStream, type ReasoningStream } from './reasoning-stream.ts';
export { reshapeCompletion } from './whole.ts';
