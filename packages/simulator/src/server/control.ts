import type { ServerResponse } from 'node:http';
import type { Audit } from '../audit/audit.ts';
import type { Conversations } from '../faults/conversations.ts';
import { checkRules } from '../script/rule.ts';
import type { Script } from '../script/script.ts';
import type { Incoming } from './incoming.ts';
import { readBody } from './read-body.ts';

/** Prefix of the control paths. */
export const controlPrefix = '/_sim/';

/** Maximum duration of a refusal of connections: ten minutes. */
export const longestRefusalMs = 600_000;

/** Objects on which the control paths act. */
export interface ControlNeeds {
  readonly audit: Audit;
  readonly conversations: Conversations;
  readonly script: Script;
  readonly refuse: (ms: number) => Promise<void>;
}

/** Answers a request to a control path. Control requests are not audited. */
export async function control(needs: ControlNeeds, { request, response, path }: Incoming): Promise<void> {
  const { audit, conversations, script, refuse } = needs;
  const text = await readBody(request);
  switch (`${request.method} ${path}`) {
    case 'GET /_sim/calls':
      return reply(response, 200, audit.calls());
    case 'DELETE /_sim/calls':
      audit.clear();
      conversations.clear();
      return reply(response, 200, {});
    case 'GET /_sim/stats':
      return reply(response, 200, audit.stats());
    case 'GET /_sim/bill':
      return reply(response, 200, audit.statement());
    case 'DELETE /_sim/script':
      script.clear();
      return reply(response, 200, {});
    case 'POST /_sim/script': {
      const checked = checkRules(fieldOf(text, 'rules'));
      if ('problem' in checked) return complain(response, checked.problem);
      return reply(response, 200, { rules: script.add(checked.rules) });
    }
    case 'POST /_sim/refuse': {
      const ms = fieldOf(text, 'ms');
      if (!isRefusalMs(ms)) return complain(response, `ms must be a whole number from 1 to ${longestRefusalMs}.`);
      response.on('finish', () => void refuse(ms));
      return reply(response, 200, { ms });
    }
    default:
      return reply(response, 404, { error: { message: `There is no ${request.method} ${path} here.` } });
  }
}

/** Returns whether a value is a valid duration of a refusal, in ms. */
export function isRefusalMs(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= longestRefusalMs;
}

function reply(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(content));
}

function complain(response: ServerResponse, message: string): void {
  reply(response, 400, { error: { message } });
}

/** Returns a field of a JSON object; undefined if the text is not an object. */
function fieldOf(text: string | undefined, name: string): unknown {
  try {
    return (JSON.parse(text ?? '') as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}
