export { type Call, type CallListener, createUpstreamClient, type UpstreamClient } from './client.ts';
export { createSseReader, type EventReader } from './event-reader.ts';
export { createSilenceTimer, type SilenceTimer } from './silence-timer.ts';
