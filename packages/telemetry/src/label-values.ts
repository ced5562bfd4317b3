import { errorTable } from '@sluice/protocol';

export const outcomes = ['complete', 'error', 'cancelled', 'refused'] as const;
/** Way in which a request ended; `refused` means before any attempt. */
export type Outcome = (typeof outcomes)[number];

export const attemptOutcomes = ['complete', 'error', 'cancelled'] as const;
/** Way in which one attempt ended. */
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const dropReasons = ['unknown_request', 'old_epoch', 'repeated', 'after_gap'] as const;
/** Reason for which a read frame was not delivered. */
export type DropReason = (typeof dropReasons)[number];

export const refusalReasons = ['malformed', 'unsigned', 'unreadable'] as const;
/** Reasons for which a worker refuses a job: it is not a job, has no valid MAC, or its body cannot be decrypted. */
export type RefusalReason = (typeof refusalReasons)[number];

/** Outboxes in Redis: entries of requests, of attempts, of the request log, and bodies. */
export const recordedStreams = ['ledger', 'attempts', 'logs', 'bodies'] as const;
export type RecordedStream = (typeof recordedStreams)[number];

export const tokenClasses = ['fresh', 'cache_read', 'cache_write', 'output', 'reasoning'] as const;

export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'];
export const errorCodes = Object.keys(errorTable);
export const jobStates = ['waiting', 'active'];
