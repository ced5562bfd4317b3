import { parentPort, workerData } from 'node:worker_threads';
import type { Log, RecorderMessage } from './recorder-state.ts';
import type { RecorderSettings } from './recorder-settings.ts';
import { startRecorder } from './recorder.ts';

/*
 * The recorder's thread: its parsing of entries and the driver's work must not delay the ingress. Its data and messages are
 * those of `start-recorder.ts`.
 */
const port = parentPort;
if (port === null) throw new Error('The recorder runs in a thread of the ingress.');

const tellEveryMs = 1000;
const tell = (message: RecorderMessage): void => port.postMessage(message);
const log: Log = (level, text, fields = {}) => tell({ kind: 'log', level, text, fields });

const recorder = startRecorder({
  settings: workerData as RecorderSettings,
  log,
  onError: (error) =>
    log('warn', 'recorder trouble', { reason: error instanceof Error ? error.message : String(error) }),
});
const timer = setInterval(() => tell({ kind: 'state', state: recorder.state() }), tellEveryMs);

port.once('message', () => {
  clearInterval(timer);
  void recorder.stop().finally(() => port.close());
});
