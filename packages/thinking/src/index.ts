export { isReshaped, type ReshapingMode, type ThinkingMode, thinkingModes } from './modes.ts';
export { createThoughtStream, type ThoughtStream } from './thought-stream.ts';
export { reshapeCompletion } from './whole.ts';
