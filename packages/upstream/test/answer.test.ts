import { describe, expect, it } from 'vitest';
import { Answer } from '../src/answer.ts';

const error = new RangeError('Maximum call stack size exceeded');
const notProcessed = { kind: 'malformed', message: "The provider's answer can't be processed." };

type Heard = readonly unknown[];

/** An answer, and everything that its listener, `onThrow` and the wire hear, in order. */
function setUp({ throwsAt = '', hearsResend = true } = {}) {
  const heard: Heard[] = [];
  const hear = (...event: Heard): void => {
    heard.push(event);
    if (event[0] === throwsAt) throw error;
  };
  const answer = new Answer({
    listener: {
      ...(hearsResend ? { onResend: () => hear('resend') } : {}),
      onHead: ({ status }) => hear('head', status),
      onText: (text) => hear('text', text),
      onEnd: () => hear('end'),
      onFailure: (failure, isCut) => hear('failure', failure, isCut),
    },
    wire: {
      pauseWire: () => hear('pause'),
      resumeWire: () => hear('resume'),
      abortWire: () => hear('abort'),
    },
    errorBodyMs: 1000,
    onThrow: (thrown) => heard.push(['thrown', thrown]),
    onOver: () => heard.push(['over']),
  });
  return { answer, heard };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Plays a whole answer, which is sent again first. */
function play(answer: Answer): void {
  answer.resend();
  answer.head(200, {});
  answer.bytes(bytes('a'));
  answer.end();
}

describe('an answer', () => {
  it('tells its listener everything in order', () => {
    const { answer, heard } = setUp();
    play(answer);
    expect(heard).toEqual([['resend'], ['head', 200], ['text', 'a'], ['over'], ['end']]);
  });

  it.each([
    ['resend', [['resend']]],
    ['head', [['resend'], ['head', 200]]],
    ['text', [['resend'], ['head', 200], ['text', 'a']]],
  ])('fails once if its listener throws at the %s', (throwsAt, before) => {
    const { answer, heard } = setUp({ throwsAt });
    play(answer);
    const after = [['thrown', error], ['abort'], ['over'], ['failure', notProcessed, false]];
    expect(heard).toEqual([...before, ...after]);
  });

  it('fails if its listener throws at the end', () => {
    const { answer, heard } = setUp({ throwsAt: 'end' });
    play(answer);
    expect(heard.slice(3)).toEqual([['over'], ['end'], ['thrown', error], ['failure', notProcessed, false]]);
  });

  it('reports what its listener throws at a failure', () => {
    const { answer, heard } = setUp({ throwsAt: 'failure' });
    answer.break(new Error('gone'));
    expect(heard.map(([name]) => name)).toEqual(['over', 'failure', 'thrown']);
  });

  it('need not have a listener that hears of a request sent again', () => {
    const { answer, heard } = setUp({ hearsResend: false });
    answer.resend();
    expect(heard).toEqual([]);
  });

  it('tells nothing after it was aborted, and closes the connection once', () => {
    const { answer, heard } = setUp();
    answer.abort();
    answer.abort();
    play(answer);
    answer.break(new Error('gone'));
    expect(heard).toEqual([['abort'], ['over'], ['resend']]);
  });

  it('pauses the connection only while the answer is open', () => {
    const { answer, heard } = setUp();
    answer.head(200, {});
    answer.pause();
    answer.resume();
    answer.end();
    answer.pause();
    expect(heard.map(([name]) => name)).toEqual(['head', 'pause', 'resume', 'over', 'end']);
  });
});
