import { createSeal, type Keys, type RedisConnection } from '@sluice/redis';
import { type AnswerWriter, createAnswerWriter } from './answer-writer.ts';
import { addScript, type AnswerState, answerStates, dropScript, type Opening, openScript } from './scripts.ts';

/** Answers that clients can attach to again, on any replica. */
export interface KeptAnswers {
  /**
   * Opens an answer for its writer, or reports the one that is there.
   *
   * @param gone owner of a running answer whose process is gone: the answer is opened anew
   */
  open(place: AnswerPlace, digest: string, gone?: string): Promise<OpenedAnswer>;
  /** Returns undefined for an answer of another owner, and after its time. */
  find(place: AnswerPlace): Promise<FoundAnswer | undefined>;
  /** Returns the entries after this one, in their order; at most some hundred. */
  read(place: AnswerPlace, after: string): Promise<readonly AnswerEntry[]>;
}

/** The name of an answer, and the client key that it belongs to. */
export interface AnswerPlace {
  readonly id: string;
  readonly keyId: string;
}

export type OpenedAnswer =
  | { readonly kind: 'opened'; readonly writer: AnswerWriter }
  | Extract<Opening, { kind: 'known' }>;

export interface FoundAnswer {
  readonly owner: string;
  readonly state: AnswerState;
  /** JSON, if the answer is a whole one. */
  readonly head: string | undefined;
}

export interface AnswerEntry {
  /** Place of the entry; `read` continues after it. */
  readonly id: string;
  /** Number of its last event. */
  readonly last: number;
  readonly text: string;
}

export interface KeptAnswersNeeds {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'keptAnswer' | 'keptEvents'>;
  /** Name of this process; each answer has an owner of its own. */
  readonly processId: string;
  readonly newId: () => string;
  /** Time to live after the latest event, in ms. */
  readonly keepMs: number;
  /** The operator's secret; without one texts are stored in plain text, as queued requests are. */
  readonly secret: string | undefined;
  readonly onError: (error: unknown) => void;
}

/** Entries of one read: those of some seconds, or 4 MiB at most in practice. */
const mostEntries = 200;

export function createKeptAnswers(needs: KeptAnswersNeeds): KeptAnswers {
  const { connection, keys, processId, newId, keepMs, secret, onError } = needs;
  const seal = secret === undefined ? undefined : createSeal(secret, 'sluice kept answers');
  const namesOf = ({ keyId, id }: AnswerPlace): [string, string] => [
    keys.keptAnswer(keyId, id),
    keys.keptEvents(keyId, id),
  ];
  const close = (text: string, place: string): string =>
    text === '' || seal === undefined ? text : seal.close(Buffer.from(text), place).toString('base64');
  const open = (text: string, place: string): string =>
    text === '' || seal === undefined ? text : (seal.open(Buffer.from(text, 'base64'), place)?.toString('utf8') ?? '');

  return {
    async open(place, digest, gone = '') {
      const names = namesOf(place);
      const owner = `${processId}:${newId()}`;
      const opened = await openScript.run(connection, names, [digest, owner, keepMs, gone]);
      if (opened.kind === 'known') return opened;
      const [answer, events] = names;
      const writer = createAnswerWriter({
        add: ({ head, last, text, state }) =>
          addScript.run(connection, names, [owner, keepMs, close(head, answer), last, close(text, events), state]),
        drop: () => dropScript.run(connection, names, [owner]),
        onError,
      });
      return { kind: 'opened', writer };
    },
    async find(place) {
      const [answer] = namesOf(place);
      const [owner, state, head] = await connection.hmget(answer, 'owner', 'state', 'head');
      const known = answerStates.find((name) => name === state);
      if (typeof owner !== 'string' || known === undefined) return undefined;
      return { owner, state: known, head: typeof head === 'string' ? open(head, answer) : undefined };
    },
    async read(place, after) {
      const [, events] = namesOf(place);
      const entries = await connection.xrange(events, after === '' ? '-' : `(${after}`, '+', 'COUNT', mostEntries);
      return entries.map(([id, fields]) => {
        const at = fields.indexOf('t');
        const lastAt = fields.indexOf('n');
        return { id, last: Number(fields[lastAt + 1] ?? 0), text: open(fields[at + 1] ?? '', events) };
      });
    },
  };
}

/** Returns the process that owns an answer. */
export const processOf = (owner: string): string => owner.slice(0, owner.lastIndexOf(':'));
