import { firstRetryState, type NativeRequest } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { createAnswer } from '../../src/answer/answer.ts';
import { afterFailure } from '../../src/run/after-failure.ts';
import { fitTargets } from '../../src/run/fit-targets.ts';
import { fittedNative, nativeOf, passing } from '../../src/run/native.ts';
import { createTally } from '../../src/run/tally.ts';
import { claimedRunWith, jobWith, targetWith } from '../scene.ts';
import { candidateWith, failedWith, nextWith, progressWith } from './progress-scene.ts';

const adapter = providers.anthropic.create({});
const claude = targetWith({ adapter });
const other = targetWith();
const native: NativeRequest = {
  protocol: 'messages',
  headers: {},
  body: JSON.stringify({
    model: 'm',
    messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: 'a', signature: 's' }, { type: 'text' }] }],
  }),
};
const body = { messages: [{ role: 'user' as const, content: 'Hi' }], logit_bias: { a: 1 } };
const delivered = { content: 'Hello', reasoning: '', chunks: 3 };
const signatureRefused = { kind: 'invalid_request', message: 'Invalid `signature` in `thinking` block' } as const;

describe("a request in the client's own protocol", () => {
  it('goes unchanged to a target that speaks it, and translated to the others', () => {
    const run = claimedRunWith({ body, native });
    expect(nativeOf(run, claude)?.request).toBe(native);
    expect(nativeOf(run, other)).toBeUndefined();
    expect(nativeOf(claimedRunWith({ body }), claude)).toBeUndefined();
  });

  it('is translated if another run has delivered a part of the answer', () => {
    expect(nativeOf(claimedRunWith({ body, native, delivered }), claude)).toBeUndefined();
  });

  it('is not refused for a field that the translation could not carry', () => {
    expect(fitTargets([claude], claimedRunWith({ body })).misfit).toMatchObject({ param: 'logit_bias' });
    expect(fitTargets([claude], claimedRunWith({ body, native })).bodies.get(claude)).toBe(body);
  });

  it("gets the target's events as they are, and tells the ingress so", () => {
    const frames: unknown[] = [];
    const job = jobWith({ stream: true });
    const scene = claimedRunWith({ body, native, job });
    const publisher = { ...scene.publisher, send: (...frame: unknown[]) => void frames.push(frame) };
    const tally = createTally(job.state, undefined);
    tally.begin();
    const answer = createAnswer({ ...scene, publisher }, tally, false);
    const opening = answer.begin(candidateWith({ target: claude }), firstRetryState, () => undefined);
    expect(opening.native?.request).toBe(native);
    expect(opening.sink.take('event: x\ndata: {}\n\n')).toBe('event: x\ndata: {}\n\n');
    opening.sink.onAnswer();
    expect(frames).toContainEqual(['answered', expect.objectContaining({ native: true })]);
  });

  it('is sent by the adapter of the attempt without any translation', () => {
    const call = nativeOf(claimedRunWith({ body, native }), claude);
    if (call === undefined) throw new Error('the target does not speak the protocol');
    const sent = passing(adapter, call);
    expect(sent.prepare).toBeUndefined();
    expect(sent.capabilities.images).toContain('https');
  });
});

describe('signed reasoning that a target refuses', () => {
  it('is left out in one more attempt at the same target, whose credential stays in use', async () => {
    const { needs, progress } = progressWith({ targets: [claude], body });
    progress.tally.begin();
    const next = nextWith({ candidate: candidateWith({ target: claude }) });
    expect(await afterFailure(needs, progress, { next, result: failedWith(signatureRefused) })).toBeUndefined();
    expect(progress.state.withoutThinking).toEqual(['u/m']);
    const call = nativeOf(claimedRunWith({ body, native }), claude);
    if (call === undefined) throw new Error('the target does not speak the protocol');
    expect(fittedNative(call, claude, progress.state).request.body).not.toContain('thinking');
    expect(fittedNative(call, claude, firstRetryState).request).toBe(native);
  });

  it('fails the request the second time', async () => {
    const { needs, progress } = progressWith({
      targets: [claude],
      body,
      state: { withoutThinking: ['u/m'] },
    });
    progress.tally.begin();
    const next = nextWith({ candidate: candidateWith({ target: claude }) });
    const outcome = await afterFailure(needs, progress, { next, result: failedWith(signatureRefused) });
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_rejected' } });
  });

  it('is left out of a translated request as well', () => {
    const job = jobWith();
    const signed = {
      role: 'assistant' as const,
      content: 'a',
      reasoning_content: 'Hm',
      reasoning_details: [{ type: 'reasoning.text', signature: 's' }],
    };
    const fitted = { messages: [signed] };
    const answer = createAnswer(claimedRunWith({ body: fitted, job }), createTally(job.state, undefined), false);
    const state = { ...firstRetryState, withoutThinking: ['u/m'] };
    const opening = answer.begin(candidateWith({ target: claude, fitted }), state, () => undefined);
    expect(opening.body.messages).toEqual([{ role: 'assistant', content: 'a' }]);
  });
});
