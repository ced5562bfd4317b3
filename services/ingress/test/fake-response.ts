import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Response } from 'express';
import { vi } from 'vitest';

/** A response whose headers are set in memory. Nothing is sent. */
export function fakeResponse() {
  const response = new ServerResponse(new IncomingMessage(new Socket())) as Response;
  const headers: Record<string, unknown> = {};
  vi.spyOn(response, 'setHeader').mockImplementation((name, value) => {
    headers[name] = value;
    return response;
  });
  return { response, headers };
}
