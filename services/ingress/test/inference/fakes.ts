import type { Admission, Lease, Rates, Refusal, Verdict } from '@sluice/admission';
import type { Config } from '@sluice/config';
import type { ChatJob, Delivered, Frame } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import { createInbox, type MailboxWriter } from '@sluice/relay';
import { admissionWaitSpan, startSpanOf } from '@sluice/telemetry';
import type { CostBounds } from '../../src/inference/accounting/money.ts';
import { createWorkerWatch } from '../../src/inference/exchange/worker-watch.ts';
import type { Principal } from '../../src/context.ts';
import { configOf } from '../config-of.ts';
import type { Observation } from '../../src/inference/observe/observe.ts';

/** Returns a configuration with this one model. */
export function configWith(model: Partial<Config['models'][number]> = {}): Config {
  const config = configOf({
    upstreams: [{ id: 'u', type: 'openai', base_url: 'http://u' }],
    models: [{ id: 'm*', targets: [{ upstream: 'u' }] }],
  });
  return { ...config, models: config.models.map((entry) => ({ ...entry, ...model })) };
}

/** A client with a key of its own, which may use the models of `m*` without limits. */
export const principalWith = (over: Partial<Principal> = {}): Principal => ({
  keyId: 'key-id',
  name: 'team',
  hint: undefined,
  isAnonymous: false,
  models: ['m*'],
  limits: {},
  weight: 1,
  thinking: undefined,
  budgets: {},
  team: undefined,
  owner: undefined,
  tags: [],
  mayLogBodies: false,
  ...over,
});

/** Answers of a queue; by default, all commands succeed. */
export interface QueueAnswers {
  readonly submit?: Submitter['submit'];
  readonly resubmit?: Submitter['resubmit'];
  readonly find?: Submitter['find'];
  readonly takeBack?: Submitter['takeBack'];
  readonly withdraw?: Submitter['withdraw'];
}

/** A queue that records its input. */
export function fakeQueue(answers: QueueAnswers = {}) {
  const jobs: ChatJob[] = [];
  const bodies: string[] = [];
  const resumed: (Delivered | undefined)[] = [];
  const withdrawn: number[] = [];
  const submitter: Submitter = {
    submit(submission) {
      jobs.push(submission.job);
      bodies.push(submission.body.toString());
      return answers.submit?.(submission) ?? Promise.resolve('queued');
    },
    resubmit(submission) {
      jobs.push(submission.job);
      resumed.push(submission.delivered);
      return answers.resubmit?.(submission) ?? Promise.resolve('queued');
    },
    find: answers.find ?? (() => Promise.resolve('listed')),
    takeBack: answers.takeBack ?? (() => Promise.resolve({ kind: 'taken_back' })),
    recheck: () => Promise.resolve(),
    withdraw(job) {
      withdrawn.push(job.epoch);
      return answers.withdraw?.(job) ?? Promise.resolve(false);
    },
    counts: () => Promise.resolve({ waiting: 0, active: 0 }),
    shardCounts: () => Promise.resolve([{ waiting: 0, active: 0 }]),
    close: () => Promise.resolve(),
  };
  return { submitter, jobs, bodies, resumed, withdrawn };
}

/** The mailboxes: records the frames to workers, and delivers frames from them. */
export function fakeMailboxes(onDropped: (reason: string) => void = () => undefined) {
  const told: string[] = [];
  const errors: unknown[] = [];
  const inbox = createInbox({
    onDropped: (_frame, reason) => onDropped(reason),
    onGap: () => undefined,
    onAdmitted: () => undefined,
    onDisplaced: () => undefined,
    onError: (error) => errors.push(error),
  });
  const writer: MailboxWriter = {
    send(destination, { kind, epoch }) {
      told.push(`${destination} ${kind} ${epoch}`);
      return 'queued';
    },
    isCongested: () => false,
    onceWritable: () => undefined,
    flushed: () => Promise.resolve(),
    close: () => undefined,
  };
  const workers = createWorkerWatch({ watch: () => undefined, unwatch: () => undefined });
  let seq = 0;
  /** Delivers the next frame of a run. */
  function deliver(
    kind: Frame['kind'],
    payload: unknown,
    at: { requestId?: string; epoch?: number; seq?: number; sentAt?: number } = {},
  ): void {
    const data = kind === 'data' ? String(payload) : JSON.stringify(payload);
    const { requestId = 'r', epoch = 1, sentAt } = at;
    const origin = sentAt === undefined ? undefined : { processId: 'w', sentAt };
    inbox.deliver([{ requestId, epoch, seq: at.seq ?? seq++, kind, data }], origin);
  }
  const nextRun = (): void => void (seq = 0);
  return { inbox, writer, workers, told, errors, deliver, nextRun };
}

const noRates: Rates = { requests: undefined, tokens: undefined };

/** A refusal by a limit of the client key. */
export const refusal = (over: Partial<Refusal> & Pick<Refusal, 'reason'>): Refusal => ({
  kind: 'refused',
  retryAfterMs: 700,
  rates: noRates,
  scope: 'key',
  budget: undefined,
  redisNow: 1_000_000,
  ...over,
});

/** Prices: a micro-dollar a token of the prompt, and ten a token of the answer. */
export const costBounds: CostBounds = {
  worstCost: ({ promptTokens, answerTokens }) => promptTokens + 10 * answerTokens,
  contextWindow: () => undefined,
  hasPrice: () => true,
};

/** Admission that gives this answer, and records reservations and releases. */
export function fakeAdmission(answer?: Verdict | Error) {
  const reserved: number[] = [];
  const released: Parameters<Lease['release']>[0][] = [];
  const accepted: Verdict = {
    kind: 'accepted',
    lease: {
      mustWait: false,
      admitted: Promise.resolve('run'),
      release: (correction) => void released.push(correction),
    },
    rates: noRates,
    redisNow: 1_000_000,
  };
  const admission: Pick<Admission, 'acquire'> = {
    acquire({ tokens }) {
      reserved.push(tokens);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? accepted);
    },
  };
  return { admission, reserved, released };
}

/** An observation that lists its calls. */
export function fakeObservation() {
  const seen: string[] = [];
  const observation: Observation = {
    span: startSpanOf(admissionWaitSpan, {}),
    principal: ({ name }) => void seen.push(`principal ${name}`),
    model: (model, entryId, stream) => void seen.push(`model ${model} ${entryId} ${stream}`),
    dropped: (messages) => void seen.push(`dropped ${messages}`),
    asked: ({ messageCount }) => void seen.push(`asked ${messageCount}`),
    admitted: (waitedMs) => void seen.push(`admitted ${waitedMs}`),
    queued: () => void seen.push('queued'),
    started: () => void seen.push('started'),
    answered: ({ upstream }) => void seen.push(`answered ${upstream}`),
    data: () => void seen.push('data'),
    course: () => ({ queueWaitMs: 3.4, ttftMs: 9.6 }),
    rerun: (reason) => void seen.push(`rerun ${reason}`),
    complete: ({ events }) => void seen.push(`complete ${events}`),
    failed: ({ code }, { status, attempts }) => void seen.push(`failed ${code} ${status} ${attempts}`),
    cancelled: () => void seen.push('cancelled'),
    taken: () => void seen.push('taken'),
    unlogged: () => void seen.push('unlogged'),
  };
  return { observation, seen };
}
