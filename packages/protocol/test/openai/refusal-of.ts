import { GatewayError, parseChatRequest } from '@sluice/protocol';

/** A valid request. */
export const minimal = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] };

/** Returns the error for a client's body; undefined if the body is accepted. */
export function refusalOf(body: unknown): { code: string; param: string | undefined; message: string } | undefined {
  try {
    parseChatRequest(body);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status !== 400) throw error;
    return { code: error.code, param: error.param, message: error.message };
  }
}
