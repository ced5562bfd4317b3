import { errorTable } from '@sluice/protocol';

export const outcomes = ['complete', 'error', 'cancelled', 'refused'] as const;
/** The way a request ended; `refused` means before any upstream was asked. */
export type Outcome = (typeof outcomes)[number];

export const attemptOutcomes = ['complete', 'error', 'cancelled'] as const;
/** The way one call to an upstream ended. */
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const dropReasons = ['unknown_request', 'old_epoch', 'repeated', 'after_gap'] as const;
/** The reason why a frame that was read was not delivered. */
export type DropReason = (typeof dropReasons)[number];

export const refusalReasons = ['malformed', 'unsigned', 'unreadable'] as const;
/** Reasons for which a worker refuses a job: it is no job, has no valid MAC, or its body does not open. */
export type RefusalReason = (typeof refusalReasons)[number];

export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'];
export const errorCodes = Object.keys(errorTable);
export const jobStates = ['waiting', 'active'];
