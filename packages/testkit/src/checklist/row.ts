import { z } from 'zod';

/** The state of a promise, for which something else must stand beside each value. */
export const rowStates = ['works', 'partly', 'missing', 'not applicable'] as const;
export type RowState = (typeof rowStates)[number];

const sentence = z.string().min(5);

/** Proof of a promise beside the tests that carry its number: a command to run, a page, or a test without the number. */
const proof = z.union([
  z.strictObject({ command: sentence }),
  z.strictObject({ file: z.string().regex(/^[\w./-]+$/) }),
]);
export type Proof = z.infer<typeof proof>;

const promise = {
  /** The number of the README, then that of the promise. */
  id: z.string().regex(/^\d{3}-\d{2}$/),
  kind: z.enum(['feature', 'config', 'model', 'endpoint', 'number/rule', 'log/metric', 'test', 'ship/docs', 'trouble']),
  /** Of the README. */
  lines: z.string().regex(/^\d+(?:[-/, …\d]*)$/),
  promise: sentence,
  shownBy: z.array(proof).min(1).optional(),
};

/** The one that brings what is lacking. */
const issue = z.int().positive();

/** The part that the tests with the row's number prove, where the promise is not kept in full. */
const testsShow = sentence.optional();

const rowSchema = z.discriminatedUnion('state', [
  z.strictObject({ ...promise, state: z.literal('works') }),
  // Without an issue it stays like that, and `lacks` gives the reason.
  z.strictObject({ ...promise, state: z.literal('partly'), lacks: sentence, issue: issue.optional(), testsShow }),
  z.strictObject({ ...promise, state: z.literal('missing'), lacks: sentence, issue, testsShow }),
  z.strictObject({ ...promise, state: z.literal('not applicable'), because: sentence }),
]);
/** One promise of a README. */
export type Row = z.infer<typeof rowSchema>;

/** The promises of one gateway's README. */
export const seedSchema = z.strictObject({
  /** The value of SLUICE_COMPAT that stands in for it. */
  profile: z.string().min(1),
  title: sentence,
  rows: z.array(rowSchema).min(1),
});
export type Seed = z.infer<typeof seedSchema>;
