import type { ServerResponse } from 'node:http';
import type { OpenCall } from '../audit/audit.ts';
import type { Fault } from '../faults/behaviour.ts';
import { resetConnection } from './connection.ts';

const errorPage = `<!doctype html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>proxy</center></body></html>
`;

/** A call with a fault before its answer. */
export interface StrickenCall {
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly isStream: boolean;
}

/** Effects of faults that do not depend on an answer. Error answers are handled elsewhere. */
export const earlyFaults: { readonly [Name in Fault['name']]?: (stricken: StrickenCall) => void } = {
  hang: () => {},
  resetearly({ response, call }) {
    resetConnection(response);
    call.end('answered');
  },
  resethead({ response, call, isStream }) {
    call.answer(200);
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
    response.flushHeaders();
    resetConnection(response);
    call.end('answered');
  },
  html({ response, call }) {
    call.answer(200);
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': errorPage.length });
    response.end(errorPage);
  },
};
