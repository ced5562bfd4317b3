import type { FailureKind, UpstreamFailure } from '@sluice/protocol';

/** An error answer, its kind, and further expected members of its failure. */
export type Row = readonly [status: number, body: object | string, kind: FailureKind, more?: Partial<UpstreamFailure>];
