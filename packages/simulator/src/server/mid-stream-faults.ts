import type { ServerResponse } from 'node:http';
import type { OpenCall } from '../audit/audit.ts';
import type { Fault } from '../faults/behaviour.ts';
import { spoiltCharacter, spoilUtf8 } from './bytes.ts';
import { closeConnection, resetConnection } from './connection.ts';
import type { EventStream } from './provider.ts';

/** A stream at the position of its fault. */
export interface StrickenStream {
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly stream: EventStream;
  readonly fault: Fault;
  /** The next part of the stream: one event or more. */
  readonly upcoming: string;
  /** Sends this and continues the stream. */
  readonly sendAndContinue: (content: string | Buffer) => void;
  /** Sends this and ends the body properly. */
  readonly sendAndEnd: (content: string) => void;
}

/** Effects of faults inside a stream. Other faults take effect before the stream or at its end. */
export const midStreamFaults: { readonly [Name in Fault['name']]?: (stricken: StrickenStream) => void } = {
  reset({ response, call }) {
    response.flushHeaders();
    resetConnection(response);
    call.end('answered');
  },
  close({ response, call }) {
    response.flushHeaders();
    closeConnection(response);
    call.end('answered');
  },
  stall: ({ response }) => response.flushHeaders(),
  half: ({ sendAndEnd, upcoming }) => sendAndEnd(upcoming.slice(0, upcoming.indexOf('\n') >> 1)),
  cut: ({ sendAndEnd }) => sendAndEnd(''),
  errev: ({ sendAndEnd, stream }) => sendAndEnd(stream.failure),
  badjson: ({ sendAndContinue, stream }) => sendAndContinue(stream.broken),
  badutf8: ({ sendAndContinue, stream }) => sendAndContinue(spoilUtf8(stream.carrying(spoiltCharacter))),
  huge: ({ sendAndContinue, stream, fault }) => sendAndContinue(stream.carrying('x'.repeat(fault.value * 1024 * 1024))),
};
