// Run by `helm test`: requests one whole and one streamed answer, and reports what was wrong with them.
const { BASE_URL: url, API_KEYS: keys = '', MODEL: model } = process.env;

async function ask(stream) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys.split(',')[0].trim()}` },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Say hello.' }] }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 500)}`);
  return text;
}

const whole = JSON.parse(await ask(false));
const content = whole.choices?.[0]?.message?.content;
if (typeof content !== 'string' || content === '') throw new Error('the whole answer has no content');
process.stdout.write(`whole answer: ${content.length} characters\n`);

const events = (await ask(true)).split('\n').filter((line) => line.startsWith('data: '));
if (events.at(-1) !== 'data: [DONE]') throw new Error('the stream does not end in [DONE]');
if (events.length < 3) throw new Error('the stream has no content');
process.stdout.write(`streamed answer: ${events.length - 1} chunks, then [DONE]\n`);
