import type { UpstreamEvent } from '@sluice/protocol';
import { createEventReader, providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../../plan.ts';

const { native } = providers.anthropic.create({});

const event = (data: object & { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const start = event({
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-x', content: [], usage: { input_tokens: 5, cache_read_input_tokens: 7 } },
} as never);
const ping = event({ type: 'ping' });
const block = (index: number, content_block: object): string =>
  event({ type: 'content_block_start', index, content_block } as never);
const delta = (index: number, fields: object): string =>
  event({ type: 'content_block_delta', index, delta: fields } as never);
const stop = (index: number): string => event({ type: 'content_block_stop', index } as never);
const end = (reason: string): string =>
  event({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 9 } } as never);
const over = event({ type: 'message_stop' });
const text = block(0, { type: 'text', text: '' }) + delta(0, { type: 'text_delta', text: 'hi' }) + stop(0);

const open = (): StreamTranslator => {
  if (native === undefined) throw new Error('the adapter has no native protocol');
  return native.translateStream(plan());
};

/** Feeds a stream event by event, and returns what is passed on for each. */
function feed(translator: StreamTranslator, sse: string): readonly string[] {
  const passed: string[] = [];
  const onEvent = (each: UpstreamEvent): void => void passed.push(translator.push(each));
  createEventReader('sse', { maxEventLength: 10_000, onEvent }).feed(sse);
  return passed;
}

describe("Anthropic's stream for a client of its own protocol", () => {
  it('is passed on byte for byte', () => {
    const thinking =
      block(0, { type: 'thinking', thinking: '', signature: '' }) +
      delta(0, { type: 'thinking_delta', thinking: 'Hm' }) +
      delta(0, { type: 'signature_delta', signature: 'sig==' }) +
      stop(0);
    const call =
      block(1, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }) +
      delta(1, { type: 'input_json_delta', partial_json: '{"a":12345678901234567890}' }) +
      stop(1);
    const unknown = event({ type: 'later_event', x: 1 } as never);
    const sse = start + thinking + unknown + call + end('tool_use') + over;
    const translator = open();
    expect(feed(translator, sse).join('')).toBe(sse);
    expect(translator.state).toEqual({
      kind: 'complete',
      summary: {
        usage: expect.objectContaining({ prompt_tokens: 12, completion_tokens: 9 }) as unknown,
        finishReason: 'tool_calls',
        responseModel: 'claude-x',
      },
    });
  });

  it('begins with its first piece, so that a failure before it can be retried elsewhere', () => {
    const passed = feed(open(), start + ping + text);
    expect(passed.slice(0, 3)).toEqual(['', '', '']);
    expect(passed[3]).toBe(start + block(0, { type: 'text', text: '' }) + delta(0, { type: 'text_delta', text: 'hi' }));
  });

  it('passes pieces without parsing them once it has begun', () => {
    const translator = open();
    expect(translator.pass?.(text)).toEqual({ length: 0, events: 0 });
    feed(translator, start + text);
    const pieces = delta(1, { type: 'text_delta', text: 'a' }) + delta(1, { type: 'thinking_delta', thinking: 'b' });
    expect(translator.pass?.(pieces + stop(1))).toEqual({ length: pieces.length, events: 2 });
    expect(translator.counted?.().tokens).toEqual({ output: 2, reasoning: 1 });
  });

  it('fails with the words of an error in it', () => {
    const translator = open();
    const error = event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as never);
    expect(feed(translator, start + error).join('')).toBe('');
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { message: 'Overloaded' } });
  });

  it.each([
    ['before its stop reason', start + text],
    ['after its stop reason', start + text + end('end_turn')],
    ['with an end but no stop reason', start + text + over],
  ])('is truncated if it ends %s', (_, sse) => {
    const translator = open();
    feed(translator, sse);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it('names the events of a server that leaves the names out', () => {
    const translator = open();
    const nameless = (start + text).replaceAll(/event: .*\n/g, '');
    expect(feed(translator, nameless).join('')).toBe(start + text);
  });
});
