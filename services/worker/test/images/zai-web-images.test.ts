import type { JsonObject } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { until } from '@sluice/testkit';
import type { FetchedImage, ImageFetcher } from '@sluice/upstream';
import { describe, expect, it, vi } from 'vitest';
import { createFakeUpstream } from '../fake-upstream.ts';
import { rememberImages } from '../../src/images/load-images.ts';
import { chosenWith, claimedRunWith, jobWith, makeAttemptWith, seamsWith, targetWith } from '../scene.ts';

const target = targetWith({
  upstream: 'web',
  model: 'glm-4.5v',
  adapter: providers['zai-web'].create({ signing_variant: 'v2', signing_key: 'k' }),
});
const text = { type: 'text', text: 'what is this?' };
const imageAt = (url: string): object => ({ type: 'image_url', image_url: { url } });
const bytes = Buffer.from('the bytes of an image');

/** Makes one call with images from the web and from the client; they are fetched as this says. */
function ask(fetched: FetchedImage) {
  const giveBack = vi.fn<() => void>();
  const fetch = vi.fn<ImageFetcher['fetch']>((_url, _signal, onKeep) => {
    onKeep?.(giveBack);
    return Promise.resolve(fetched);
  });
  const images = rememberImages({ fetch }, new AbortController().signal);
  const upstream = createFakeUpstream();
  const makeAttempt = makeAttemptWith({ client: upstream });
  const content = [text, imageAt('https://p.example/a.png'), imageAt('data:image/gif;base64,R0lG')];
  const body: JsonObject = { model: 'glm-4.5v', messages: [{ role: 'user', content }] };
  const result = makeAttempt(
    claimedRunWith({ job: jobWith({ model: 'glm-4.5v' }), body, remainingMs: () => 5000 }),
    chosenWith({ target, body }),
    seamsWith({ memory: { images, notes: new Map() } }),
  );
  /** The next call to the backend. */
  const nextCall = (count: number) =>
    until(() => upstream.requests.length === count && upstream.requests.at(-1), { what: `call ${count}` });
  return { upstream, fetch, images, giveBack, result, nextCall };
}

describe('an image on the web for chat.z.ai', () => {
  it('is fetched here, handed over as bytes, and named in the question', async () => {
    const image = { kind: 'image', mediaType: 'image/webp', base64: bytes.toString('base64') } as const;
    const { upstream, fetch, images, giveBack, result, nextCall } = ask(image);
    for (const [at, expected] of [bytes, Buffer.from('GIF')].entries()) {
      const upload = await nextCall(at + 1);
      expect(upload.url).toBe('http://u/api/v1/files/');
      expect(Buffer.from(upload.body ?? '').includes(Buffer.concat([Buffer.from('\r\n\r\n'), expected]))).toBe(true);
      upstream.head(200, 'application/json');
      upstream.text(JSON.stringify({ id: `file-${at}` }));
      upstream.end();
    }
    const question = await nextCall(3);
    expect(JSON.parse(String(question.body))).toMatchObject({
      messages: [{ content: [text, imageAt('file-0'), imageAt('file-1')] }],
      files: [{ name: 'image-0.webp', size: bytes.length }, { name: 'image-1.gif' }],
    });
    expect(fetch).toHaveBeenCalledExactlyOnceWith('https://p.example/a.png', expect.anything(), expect.anything());
    expect(giveBack).not.toHaveBeenCalled();
    upstream.head();
    upstream.event(JSON.stringify({ type: 'chat:completion', data: { delta_content: 'A bird.', phase: 'answer' } }));
    upstream.event(JSON.stringify({ type: 'chat:completion', data: { phase: 'done', done: true } }));
    upstream.end();
    expect(await result).toMatchObject({ kind: 'complete' });
    images.close();
    expect(giveBack).toHaveBeenCalledOnce();
  });

  it('that may not be fetched ends the request before a call to the backend', async () => {
    const { upstream, result } = ask({ kind: 'refused', reason: 'is too large' });
    expect(await result).toMatchObject({
      kind: 'failed',
      failure: { kind: 'invalid_request', param: 'messages[0].content[1].image_url.url' },
    });
    expect(upstream.requests).toEqual([]);
  });
});
