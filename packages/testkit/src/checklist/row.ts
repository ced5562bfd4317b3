import { z } from 'zod';

/** State of a promise. Each value requires other members in the row. */
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
  /** Number of the README, then number of the promise. */
  id: z.string().regex(/^\d{3}-\d{2}$/),
  kind: z.enum(['feature', 'config', 'model', 'endpoint', 'number/rule', 'log/metric', 'test', 'ship/docs', 'trouble']),
  /** Lines of the README. */
  lines: z.string().regex(/^\d+(?:[-/, …\d]*)$/),
  promise: sentence,
  shownBy: z.array(proof).min(1).optional(),
};

/** Number of the issue that adds the missing part. */
const issue = z.int().positive();

/** The part of an unkept promise that the tests with the row's number prove. */
const testsShow = sentence.optional();

const rowSchema = z.discriminatedUnion('state', [
  z.strictObject({ ...promise, state: z.literal('works') }),
  // Without an issue the state is final, and `lacks` gives the reason.
  z.strictObject({ ...promise, state: z.literal('partly'), lacks: sentence, issue: issue.optional(), testsShow }),
  z.strictObject({ ...promise, state: z.literal('missing'), lacks: sentence, issue, testsShow }),
  z.strictObject({ ...promise, state: z.literal('not applicable'), because: sentence }),
]);
/** One promise of a README. */
export type Row = z.infer<typeof rowSchema>;

/** The promises of one gateway's README. */
export const seedSchema = z.strictObject({
  /** Value of SLUICE_COMPAT that replaces the gateway. */
  profile: z.string().min(1),
  title: sentence,
  rows: z.array(rowSchema).min(1),
});
export type Seed = z.infer<typeof seedSchema>;
