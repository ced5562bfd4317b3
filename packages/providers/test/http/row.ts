import type { FailureKind, UpstreamFailure } from '@sluice/protocol';

/** An error answer, the kind that it is, and what else must be told of it. */
export type Row = readonly [status: number, body: object | string, kind: FailureKind, more?: Partial<UpstreamFailure>];
