import type { GatewayError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { type ClientCommand, createClientSide } from '../../../src/inference/exchange/client-side.ts';
import type { FailureFacts } from '../../../src/inference/exchange/exchange-events.ts';
import type { LostRun } from '../../../src/inference/exchange/lost-run.ts';
import { error, lostEnding, stateIn } from './events.ts';

const text = 'data: {"id":"c","created":1,"choices":[{"index":0,"delta":{"content":"one"}}]}\n\n';
const answered = { upstream: 'u', model: 'm', attempts: 2 };
const state = stateIn('running', { attempts: 3 });

function setUp(stream = true) {
  const heard: unknown[][] = [];
  const lost: LostRun[] = [];
  const client = createClientSide(
    { body: Buffer.from('{"model":"m"}'), stream, accountLost: (run) => lost.push(run) * 10, protocol: undefined },
    {
      onStarted: (workerId) => heard.push(['started', workerId]),
      onAnswered: (meta) => heard.push(['answered', meta]),
      onData: (piece) => heard.push(['data', piece]),
      onEnd: (end) => heard.push(['end', end]),
      onError: (failure: GatewayError, facts: FailureFacts) => heard.push(['error', failure.message, facts]),
      onRerun: (reason, isResumed) => heard.push(['rerun', reason, isResumed]),
    },
  );
  const carryOut = (...commands: ClientCommand[]): void => {
    for (const command of commands) client.carryOut(command, state);
  };
  return { client, carryOut, heard, lost };
}

describe("the client's side of a request", () => {
  it.each<[ClientCommand, unknown[]]>([
    [{ kind: 'tell_started', workerId: 'w' }, ['started', 'w']],
    [{ kind: 'tell_answered', answered }, ['answered', answered]],
    [{ kind: 'tell_data', text }, ['data', text]],
    [{ kind: 'tell_rerun', reason: 'worker_lost', isResumed: true }, ['rerun', 'worker_lost', true]],
    [{ kind: 'tell_end', end: { events: 1, burntTokens: 0 } }, ['end', { events: 1, burntTokens: 0 }]],
    [
      { kind: 'tell_error', error, facts: { attempts: 1, events: 0 } },
      ['error', error.message, { attempts: 1, events: 0 }],
    ],
  ])('tells its listener: %j', (command, told) => {
    const { carryOut, heard } = setUp();
    carryOut(command);
    expect(heard).toEqual([told]);
  });

  it('counts the attempts and chunks itself for an error of which no worker has told the facts', () => {
    const { carryOut, heard } = setUp();
    carryOut({ kind: 'tell_data', text }, { kind: 'tell_data', text }, { kind: 'tell_error', error });
    const message = `${error.message} The answer broke off after 6 characters.`;
    expect(heard.at(-1)).toEqual(['error', message, { attempts: 3, events: 2 }]);
  });

  it('resumes the delivered part, with the number of its extensions', () => {
    const { client, carryOut } = setUp();
    carryOut({ kind: 'tell_answered', answered: { ...answered, continuations: 1 } }, { kind: 'tell_data', text });
    expect(client.afterRun(lostEnding, state)).toMatchObject({
      kind: 'rerun_decided',
      decision: { kind: 'rerun', delivered: { content: 'one', continuations: 1 } },
      chunks: 1,
      ending: lostEnding,
    });
  });

  it('does not run a request again whose client has a part of a whole answer', () => {
    const { client, carryOut } = setUp(false);
    carryOut({ kind: 'tell_data', text: '{' });
    expect(client.afterRun(lostEnding, state)).toMatchObject({ decision: { kind: 'over' } });
  });

  it.each([
    ['the attempts that it knows', { attempts: 2 }, 2],
    [
      'the attempts of earlier runs',
      { attempts: 0, job: { ...state.job, state: { ...state.job.state, attempts: 4 } } },
      4,
    ],
    ['one attempt of a run that may have made it', { attempts: 0, mayHaveCalled: true }, 1],
    ['no attempt of a run that has not begun', { attempts: 0 }, 0],
  ])('charges %s', (_what, over, attempts) => {
    const { client, carryOut } = setUp();
    carryOut({ kind: 'tell_data', text });
    expect(client.spent(stateIn('running', over))).toMatchObject({ attempts, events: 1 });
  });

  it('settles the attempt of a lost run by what has arrived, and adds its cost', () => {
    const { client, carryOut, lost } = setUp();
    const running = stateIn('running', { mayHaveCalled: true, deliveredBefore: 1 });
    carryOut({ kind: 'tell_answered', answered }, { kind: 'tell_data', text }, { kind: 'tell_data', text });
    expect(client.afterRun(lostEnding, running)).toMatchObject({
      ending: { state: { costMicros: 10, isEstimated: true } },
    });
    expect(lost).toMatchObject([{ job: { epoch: running.job.epoch }, answered, events: 1 }]);
    const { costMicros, isEstimated } = client.spent(running);
    expect({ costMicros, isEstimated }).toEqual({ costMicros: 20, isEstimated: true });
  });

  it('does not take the report of an earlier run for one of the lost run', () => {
    const { client, carryOut, lost } = setUp();
    carryOut({ kind: 'tell_answered', answered });
    const job = { ...state.job, epoch: state.job.epoch + 1 };
    client.spent(stateIn('running', { mayHaveCalled: true, job }));
    expect(lost).toMatchObject([{ job: { epoch: job.epoch }, answered: undefined, events: 0 }]);
  });

  it('settles nothing for a run that its worker has ended, or that has not begun', () => {
    const { client, lost } = setUp();
    client.afterRun({ ...lostEnding, isLost: false }, stateIn('running', { mayHaveCalled: true }));
    client.afterRun(lostEnding, stateIn('queued', { mayHaveCalled: false }));
    client.spent(stateIn('queued', { mayHaveCalled: false }));
    expect(lost).toEqual([]);
  });
});
