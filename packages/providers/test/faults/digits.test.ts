import { readChatBody } from '@sluice/protocol';
import { createChunkCollector, toChunks } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { openAiShaped, readStream } from '../shared.ts';

const schema =
  '{"type":"object","properties":{"b":{"maximum":9223372036854775807,"minimum":1.0},"2":{"type":"string"},"1":{"default":1e2}}}';
const tools = `[{"type":"function","function":{"name":"f","parameters":${schema}}}]`;
const history =
  '[{"role":"user","content":"go","x_own":{"id":18446744073709551615}},' +
  '{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\\"id\\":2512292042121000001,\\"2\\":1.0,\\"1\\":1e400}"}}]},' +
  '{"role":"tool","tool_call_id":"a","content":"{\\"id\\":2512292042121000001}"}]';
const format = '{"type":"json_object","x_own":[12345678901234567890,-0,0.10]}';

describe.each(openAiShaped)('JSON that passes through %s', (type, adapter) => {
  it.each([true, false])('keeps its digits and its order on the way to the provider (streamed: %j)', (stream) => {
    const body = readChatBody(
      `{"model":"m","stream":${stream},"temperature":1.0,"top_p":0.50,"seed":9223372036854775807,"x_big":{"10":1,"9":123456789012345678901},"messages":${history},"tools":${tools},"response_format":${format}}`,
    );
    const sent = String(adapter.toUpstream(body, plan({ stream })).body);
    for (const part of [
      history,
      tools,
      format,
      '"temperature":1.0',
      '"top_p":0.50',
      '"x_big":{"10":1,"9":123456789012345678901}',
    ]) {
      expect(sent).toContain(part);
    }
    if (type !== 'zai') expect(sent).toContain('"seed":9223372036854775807');
    expect(() => JSON.parse(sent) as unknown).not.toThrow();
  });
});

// Members of an answer other than texts pass through at these providers only.
describe.each(openAiShaped.filter(([type]) => type !== 'zai'))('JSON that comes back through %s', (_type, adapter) => {
  it('keeps its digits and its order', () => {
    const own = '{"2":9223372036854775807,"1":1.0,"c":1e-7}';
    const message = `{"content":"Hi","x_own":${own},"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{"id":2512292042121000001,"2":1.0,"1":2}}}]}`;
    const argumentsText = JSON.stringify('{"id":2512292042121000001,"2":1.0,"1":2}');
    const whole = adapter.translateWhole(`{"id":"c","choices":[{"message":${message}}]}`, {}, plan({ stream: false }));
    const wholeText = whole.kind === 'complete' ? whole.text : '';
    const event = `{"id":"c","choices":[{"index":0,"delta":${message},"finish_reason":null}]}`;
    const { text } = readStream(adapter, [
      event,
      '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
      '[DONE]',
    ]);
    const collector = createChunkCollector();
    collector.add(text);
    for (const answer of [wholeText, toChunks(wholeText, {}), text, collector.toCompletion(undefined)]) {
      expect(answer).toContain(`"x_own":${own}`);
      expect(answer).toContain(`"arguments":${argumentsText}`);
    }
  });
});

describe.each(openAiShaped.filter(([type]) => type === 'zai'))('JSON that comes back through %s', (_type, adapter) => {
  it('keeps its digits and its order in search results and in arguments', () => {
    const found = '[{"2":9223372036854775807,"1":1.0}]';
    const message =
      '{"content":"Hi","tool_calls":[{"id":"a","function":{"name":"f","arguments":{"id":2512292042121000001}}}]}';
    const whole = adapter.translateWhole(
      `{"web_search":${found},"choices":[{"message":${message}}]}`,
      {},
      plan({ stream: false }),
    );
    const { text } = readStream(adapter, [`{"web_search":${found},"choices":[{"delta":${message}}]}`]);
    for (const answer of [whole.kind === 'complete' ? whole.text : '', text]) {
      expect(answer).toContain('[{"2":9223372036854775807,"1":1');
      expect(answer).toContain(JSON.stringify('{"id":2512292042121000001}'));
    }
  });
});
