import type { UpstreamFailure } from '@sluice/protocol';

const malformed = (message: string): UpstreamFailure => ({ kind: 'malformed', message });

export const tooLargeEvent = malformed('The provider sent an event that is too large.');
export const tooLargeBody = malformed("The provider's answer is too large.");
/** Without this failure, a stream that ends at once would count as a broken connection. */
export const noContent = malformed('The provider answered with a status that means no content.');
export const notUnderstood = malformed("The provider's answer could not be understood.");
export const diverged: UpstreamFailure = { kind: 'diverged', message: '' };
export const truncated: UpstreamFailure = {
  kind: 'truncated',
  message: "The provider's answer broke off before its end.",
};

const timeout = (message: string): UpstreamFailure => ({ kind: 'timeout', message });

export const pastDeadline = timeout('The request reached its deadline.');
export const notBegun = timeout('The provider did not begin to answer in time.');
export const notWhole = timeout('The provider did not end its answer in time.');
export const stopped = timeout('The provider stopped answering.');
