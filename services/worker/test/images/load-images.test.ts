import type { JsonObject, Operation } from '@sluice/protocol';
import { type ProviderAdapter, providers } from '@sluice/providers';
import type { FetchedImage, ImageFetcher } from '@sluice/upstream';
import { describe, expect, it, vi } from 'vitest';
import { loadImages, rememberImages } from '../../src/images/load-images.ts';

const openai = providers.openai.create({});
const adapterFor = (...images: readonly ('https' | 'data')[]): ProviderAdapter => ({
  ...openai,
  capabilities: { ...openai.capabilities, images },
});
const imageAt = (url: string): object => ({ type: 'image_url', image_url: { url, detail: 'low' } });
const text = { type: 'text', text: 'what is this?' };
const bodyWith = (...content: readonly object[]): JsonObject => ({
  model: 'm',
  messages: [
    { role: 'system', content: 'be brief' },
    { role: 'user', content },
  ],
});

interface Loading {
  readonly operation?: Operation;
  readonly answer?: FetchedImage;
}

function load(body: JsonObject, adapter: ProviderAdapter, { operation = 'chat', answer }: Loading = {}) {
  const fetch = vi.fn<ImageFetcher['fetch']>(() =>
    Promise.resolve(answer ?? ({ kind: 'image', mediaType: 'image/png', base64: 'AAAA' } as const)),
  );
  const fetcher = { fetch, close: () => Promise.resolve() };
  const loaded = loadImages(body, { operation, adapter, fetcher, signal: new AbortController().signal });
  return { fetch, loaded };
}

describe('loadImages', () => {
  it('puts bytes in place of URLs, and leaves all else unchanged', async () => {
    const inline = imageAt('data:image/gif;base64,R0');
    const { loaded, fetch } = load(bodyWith(text, imageAt('https://p.example/a.png'), inline), adapterFor('data'));
    expect(await loaded).toEqual({
      kind: 'ready',
      body: bodyWith(text, imageAt('data:image/png;base64,AAAA'), inline),
    });
    expect(fetch).toHaveBeenCalledOnce();
  });

  it.each([
    ['a provider that fetches images itself', ['https', 'data'], bodyWith(imageAt('https://p.example/a.png'))],
    ['a provider that takes no images', [], bodyWith(imageAt('https://p.example/a.png'))],
    ['a request without images', ['data'], bodyWith(text)],
  ] as const)('fetches nothing for %s', async (_what, images, body) => {
    const { loaded, fetch } = load(body, adapterFor(...images));
    expect(await loaded).toEqual({ kind: 'ready', body });
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each([
    ['is null', [null]],
    ['has an image without a URL', [{ role: 'user', content: [{ type: 'image_url' }] }]],
    ['has a URL in the place of an image', [{ role: 'user', content: [{ type: 'image_url', image_url: 'http://p' }] }]],
    ['has an image', [{ role: 'user', content: [imageAt('https://p.example/a.png')] }]],
  ])(
    'ignores an unknown field of embeddings that is named like one of a chat: its message %s',
    async (_what, messages) => {
      const body = { input: 'a', messages };
      const { loaded, fetch } = load(body, adapterFor('data'), { operation: 'embeddings' });
      expect(await loaded).toEqual({ kind: 'ready', body });
      expect(fetch).not.toHaveBeenCalled();
    },
  );

  it("leaves URLs of a provider's own store to the provider", async () => {
    const gemini = providers.gemini.create({});
    const stored = ['gs://b/a.png', 'https://generativelanguage.googleapis.com/v1beta/files/a'].map(imageAt);
    const { loaded, fetch } = load(bodyWith(...stored, imageAt('https://p.example/a.png')), gemini);
    expect(await loaded).toEqual({ kind: 'ready', body: bodyWith(...stored, imageAt('data:image/png;base64,AAAA')) });
    expect(fetch.mock.calls.map(([url]) => url)).toEqual(['https://p.example/a.png']);
  });

  it('fetches an image once that is shown twice', async () => {
    const twice = [imageAt('https://p.example/a.png'), imageAt('https://p.example/a.png')];
    const { loaded, fetch } = load(bodyWith(...twice), adapterFor('data'));
    const inline = imageAt('data:image/png;base64,AAAA');
    expect(await loaded).toEqual({ kind: 'ready', body: bodyWith(inline, inline) });
    expect(fetch).toHaveBeenCalledOnce();
  });

  const many = (count: number): object[] =>
    Array.from({ length: count }, (_, at) => imageAt(`https://p.example/${at}.png`));

  it('fetches a few at a time', async () => {
    let open = 0;
    let most = 0;
    const fetcher: ImageFetcher = {
      async fetch() {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        return { kind: 'image', mediaType: 'image/png', base64: 'AAAA' };
      },
      close: () => Promise.resolve(),
    };
    const { signal } = new AbortController();
    const loaded = await loadImages(bodyWith(...many(100)), {
      operation: 'chat',
      adapter: adapterFor('data'),
      fetcher,
      signal,
    });
    expect([loaded.kind, most]).toEqual(['ready', 4]);
  });

  it('refuses more than 100 images, and fetches none of them', async () => {
    const { loaded, fetch } = load(bodyWith(...many(101)), adapterFor('data'));
    expect(await loaded).toMatchObject({ failure: { param: 'messages[1].content[100].image_url.url' } });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('stops when they are too large together', async () => {
    const base64 = 'A'.repeat(20 * 1024 * 1024);
    const large = { kind: 'image', mediaType: 'image/png', base64 } as const;
    const { loaded, fetch } = load(bodyWith(...many(50)), adapterFor('data'), { answer: large });
    expect(await loaded).toMatchObject({ failure: { param: 'messages[1].content[3].image_url.url' } });
    expect(fetch.mock.calls.length).toBeLessThan(10);
  });

  it('does not count against the target if there is no memory for an image at the moment', async () => {
    const { loaded } = load(bodyWith(imageAt('https://p.example/a.png')), adapterFor('data'), {
      answer: { kind: 'busy' },
    });
    expect(await loaded).toMatchObject({ kind: 'failed', failure: { kind: 'busy' } });
  });

  it('names the image that can not be fetched', async () => {
    const refused = { kind: 'refused', reason: 'could not be fetched from a public address' } as const;
    const { loaded } = load(bodyWith(text, imageAt('https://10.0.0.1/a.png')), adapterFor('data'), { answer: refused });
    expect(await loaded).toEqual({
      kind: 'failed',
      failure: {
        kind: 'invalid_request',
        code: 'invalid_image_url',
        message: 'The image at this URL could not be fetched from a public address.',
        param: 'messages[1].content[1].image_url.url',
      },
    });
  });

  it('fetches an image once for all attempts of a run, refused ones too', async () => {
    const { signal } = new AbortController();
    const answers: FetchedImage[] = [
      { kind: 'image', mediaType: 'image/png', base64: 'AAAA' },
      { kind: 'refused', reason: 'is too large' },
    ];
    const fetch = vi.fn<ImageFetcher['fetch']>((url) =>
      Promise.resolve(answers[url.endsWith('a.png') ? 0 : 1] as FetchedImage),
    );
    const fetcher = rememberImages({ fetch }, signal);
    for (let attempt = 0; attempt < 3; attempt++) {
      const one = await loadImages(bodyWith(imageAt('https://p.example/a.png')), {
        operation: 'chat',
        adapter: adapterFor('data'),
        fetcher,
        signal,
      });
      const other = await loadImages(bodyWith(imageAt('https://p.example/b.png')), {
        operation: 'chat',
        adapter: adapterFor('data'),
        fetcher,
        signal,
      });
      expect([one.kind, other.kind]).toEqual(['ready', 'failed']);
    }
    expect(fetch.mock.calls.map(([url]) => url)).toEqual(['https://p.example/a.png', 'https://p.example/b.png']);
  });
});
