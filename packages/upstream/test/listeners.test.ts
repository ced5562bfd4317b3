import { gzipSync } from 'node:zlib';
import type { UpstreamFailure } from '@sluice/protocol';
import type { Call, CallListener } from '@sluice/upstream';
import { until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { answerOf, createClient, rawServer, requestTo } from './scene.ts';

type Step = 'onHead' | 'onText' | 'onEnd' | 'onFailure';

interface Play {
  readonly heard: string[];
  readonly failures: UpstreamFailure[];
  readonly thrown: unknown[];
}

/** Makes a call whose listener acts at one of its steps. */
async function play(url: string, at: Step, act: (call: Call) => void): Promise<Play> {
  const played: Play = { heard: [], failures: [], thrown: [] };
  const client = createClient({ onThrow: (error) => played.thrown.push(error) });
  const closed = Promise.withResolvers<void>();
  const hear = (step: Step): void => {
    played.heard.push(step);
    if (step === at) {
      closed.resolve();
      act(call);
    }
  };
  const listener: CallListener = {
    onHead: () => hear('onHead'),
    onText: () => hear('onText'),
    onEnd: () => hear('onEnd'),
    onFailure(failure) {
      played.failures.push(failure);
      hear('onFailure');
    },
  };
  const call = client.call(requestTo(url), listener);
  await closed.promise;
  // After another call has finished, nothing more can follow for this one.
  await new Promise<void>((resolve) => {
    const nothing = (): void => undefined;
    client.call(requestTo(url), { onHead: nothing, onText: nothing, onEnd: resolve, onFailure: () => resolve() });
  });
  return played;
}

const whole = (body: string) => rawServer(({ socket }) => socket.write(answerOf(body)));
const zipped = (body: string) =>
  rawServer(({ socket }) => socket.write(answerOf(gzipSync(body), { 'content-encoding': 'gzip' })));
const failing = (body: string) => rawServer(({ socket }) => socket.write(answerOf(body, {}, 500)));
const zippedFailing = (body: string) =>
  rawServer(({ socket }) => socket.write(answerOf(gzipSync(body), { 'content-encoding': 'gzip' }, 500)));

describe.each([
  ['a plain answer', whole],
  ['a compressed answer', zipped],
  ['an error', failing],
  ['a compressed error', zippedFailing],
])('a listener of %s', (_what, serve) => {
  it.each(['onHead', 'onText', 'onEnd'] as const)('that throws in %s gets the failure once', async (step) => {
    const error = new RangeError('Maximum call stack size exceeded');
    const { heard, failures, thrown } = await play(await serve('hello'), step, () => {
      throw error;
    });
    const steps: Step[] = ['onHead', 'onText', 'onEnd'];
    expect(heard).toEqual([...steps.slice(0, steps.indexOf(step) + 1), 'onFailure']);
    expect(failures).toEqual([{ kind: 'malformed', message: "The provider's answer can't be processed." }]);
    expect(thrown).toEqual([error]);
  });

  it.each(['onHead', 'onText', 'onEnd'] as const)(
    'that aborts in %s is not called again, even if it throws',
    async (step) => {
      for (const throws of [false, true]) {
        const { heard } = await play(await serve('hello'), step, (call) => {
          call.abort();
          if (throws) throw new Error('late');
        });
        const steps: Step[] = ['onHead', 'onText', 'onEnd'];
        expect(heard).toEqual(steps.slice(0, steps.indexOf(step) + 1));
      }
    },
  );
});

describe('a listener', () => {
  it('that throws in onFailure ends only its call', async () => {
    const url = await rawServer(({ socket }) => socket.destroy());
    const { heard, thrown } = await play(url, 'onFailure', () => {
      throw new Error('failed in onFailure');
    });
    expect(heard).toEqual(['onFailure']);
    expect(thrown).toHaveLength(1);
  });

  it('is not called before its caller has the call', async () => {
    const client = createClient();
    await client.close();
    for (const url of ['http://127.0.0.1:1/', 'no address']) {
      const heard: string[] = [];
      const nothing = (): void => undefined;
      client.call(requestTo(url), {
        onHead: nothing,
        onText: nothing,
        onEnd: nothing,
        onFailure: ({ kind }) => heard.push(kind),
      });
      expect(heard).toEqual([]);
      await until(() => heard.length > 0, { what: 'the failure' });
      expect(heard).toEqual(['network']);
    }
  });
});

describe('a call with a signal', () => {
  const nothing = (): void => undefined;
  const listener = { onHead: nothing, onText: nothing, onEnd: nothing, onFailure: nothing };

  it('does not start once the signal has fired', async () => {
    let connections = 0;
    const url = await rawServer(({ socket }) => {
      connections++;
      socket.write(answerOf('hello'));
    });
    const client = createClient();
    const call = client.call(requestTo(url), listener, AbortSignal.abort());
    call.pause();
    call.resume();
    call.abort();
    await new Promise<void>((resolve) => {
      client.call(requestTo(url), { ...listener, onEnd: resolve });
    });
    expect(connections).toBe(1);
  });

  it('closes its connection when the signal fires, and removes its abort listener', async () => {
    const closed = Promise.withResolvers<void>();
    const controller = new AbortController();
    const url = await rawServer(({ socket }) => {
      socket.once('close', () => closed.resolve());
      controller.abort();
    });
    const removed: string[] = [];
    const { signal } = controller;
    const remove = signal.removeEventListener.bind(signal);
    signal.removeEventListener = (type: string, ...rest: [never]) => {
      removed.push(type);
      remove(type, ...rest);
    };
    createClient().call(requestTo(url), listener, signal);
    await expect(closed.promise).resolves.toBeUndefined();
    expect(removed).toEqual(['abort']);
  });
});
