import { createClientWriter } from '../../sse/client-writer.ts';
import { createHeartbeat, type Heartbeat } from '../../sse/heartbeat.ts';
import { countFrames, numbered } from '../../kept/numbered-form.ts';
import { type AnswerForms, chatForm, type StreamForm } from './answer-form.ts';
import { costEvent } from './cost-event.ts';
import type { Reply, ReplyNeeds } from './reply.ts';

/**
 * Streams the answer as server-sent events. The status line waits for the first event, so that earlier failures are
 * HTTP errors, which SDKs retry. A later failure is an error event and the end of the stream without `[DONE]`.
 *
 * @param given form of the events
 * @param settled the end of the stream waits for it
 */
export function createStreamReply(
  needs: Omit<ReplyNeeds, 'stream' | 'thinking' | 'copies'>,
  given: StreamForm = chatForm,
  settled?: AnswerForms['settled'],
): Reply {
  const { kept } = needs;
  const form = kept?.isNumbered === true ? numbered(given) : given;
  const { response, server, costOf, onPause, onResume, onCut } = needs;
  let isOpen = false;
  let first: string | undefined;
  let heartbeat: Heartbeat | undefined;
  const hold = setTimeout(() => {
    open();
    ping();
  }, server.holdMs);
  const client = createClientWriter({
    response,
    pauseAtBytes: server.pauseAtBytes,
    cutAtBytes: server.slowClientBytes,
    stallMs: server.slowClientMs,
    onPause,
    onResume,
    onCut,
  });

  function open(): void {
    if (isOpen) return;
    isOpen = true;
    clearTimeout(hold);
    needs.setHeaders();
    response.writeHead(200, {
      'content-type': form.contentType ?? 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    heartbeat = createHeartbeat({ everyMs: server.heartbeatMs, onSilence: ping, now: needs.now });
  }

  function ping(): void {
    client.write(form.heartbeat);
  }

  function close(): void {
    clearTimeout(hold);
    heartbeat?.stop();
  }

  return {
    onAnswered: ({ native }) => form.reads?.(native === true),
    onData(text) {
      open();
      heartbeat?.touch();
      if (costOf !== undefined) first ??= text;
      const events = form.onData(text);
      if (events === '') return;
      kept?.writer.write(events, countFrames(events));
      client.write(events);
    },
    onEnd() {
      open();
      close();
      const events = form.end(costOf === undefined ? '' : costEvent(first, costOf()));
      kept?.writer.end(events, { count: countFrames(events), state: 'ended' });
      if (settled === undefined) return client.end(events);
      void settled().then(() => client.end(events));
    },
    onError(error) {
      close();
      if (!isOpen) return false;
      const events = form.error(error);
      kept?.writer.end(events, { count: countFrames(events), state: 'failed' });
      client.end(events);
      return true;
    },
    close,
  };
}
