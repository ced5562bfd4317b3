import type { Frame } from '@sluice/protocol';

/** Names a run in this process: the request and its epoch. */
export const runName = ({ requestId, epoch }: Pick<Frame, 'requestId' | 'epoch'>): string => `${requestId}.${epoch}`;
