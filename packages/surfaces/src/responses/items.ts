import { GatewayError, isObject, itemsOf, type JsonObject, membersOf, writeLossless } from '@sluice/protocol';
import type { Dropped } from '../messages/dropped.ts';
import { type CarriedReasoning, readCarrier } from './reasoning-carrier.ts';
import type { ResponsesRequest } from './request-schema.ts';
import { type BridgedTool, customInput, inNamespace, searchTool } from './tools.ts';

interface Translation {
  readonly bridged: ReadonlyMap<string, BridgedTool>;
  readonly dropped: Dropped;
}

/** Members of items that clients send back as they came; they change nothing. */
const notes: readonly string[] = ['type', 'id', 'status', 'caller', 'created_by'];
const itemMembers: Readonly<Record<string, readonly string[]>> = {
  message: ['role', 'content'],
  function_call: ['call_id', 'name', 'namespace', 'arguments'],
  custom_tool_call: ['call_id', 'name', 'namespace', 'input'],
  function_call_output: ['call_id', 'output'],
  custom_tool_call_output: ['call_id', 'output'],
  tool_search_call: ['call_id', 'execution', 'arguments'],
  tool_search_output: ['call_id', 'execution', 'tools'],
};

/** Members of parts by their types. Annotations and probabilities belong to an answer that was given. */
const textMembers: ReadonlySet<string> = new Set([
  'type',
  'text',
  'refusal',
  'annotations',
  'logprobs',
  'prompt_cache_breakpoint',
]);
const partMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  input_image: new Set(['type', 'image_url', 'detail', 'prompt_cache_breakpoint']),
  input_audio: new Set(['type', 'input_audio', 'prompt_cache_breakpoint']),
  input_file: new Set(['type', 'file_data', 'file_id', 'filename', 'prompt_cache_breakpoint']),
};

/** An assistant message that is being put together from several items. */
interface Turn {
  content: JsonObject[];
  calls: JsonObject[];
  reasoning: CarriedReasoning[];
}

/**
 * Converts input items to chat messages: an answer's reasoning, text and calls become one assistant message.
 * @throws GatewayError 400 that names the item
 */
export function toMessages(
  { input, instructions }: Pick<ResponsesRequest, 'input' | 'instructions'>,
  { bridged, dropped }: Translation,
): readonly JsonObject[] {
  const messages: JsonObject[] = [];
  let turn: Turn | undefined;

  function answer(): Turn {
    return (turn ??= { content: [], calls: [], reasoning: [] });
  }

  function endTurn(): void {
    if (turn !== undefined && turn.content.length + turn.calls.length > 0) messages.push(toAssistant(turn));
    turn = undefined;
  }

  function add(item: JsonObject, param: string): void {
    const { type = 'message' } = item;
    if (typeof type === 'string' && Object.hasOwn(itemMembers, type)) {
      dropped.rest(item, new Set([...notes, ...(itemMembers[type] ?? [])]), 'input.');
    }
    switch (type) {
      case 'message': {
        if (item['role'] === 'assistant') {
          // A text after calls begins another message: the results of the calls follow the calls at once.
          if ((turn?.calls.length ?? 0) > 0) endTurn();
          answer().content.push(...contentOf(item['content'], `${param}.content`, dropped));
          return;
        }
        endTurn();
        messages.push(toMessage(item, param, dropped));
        return;
      }
      case 'reasoning': {
        if ((turn?.calls.length ?? 0) + (turn?.content.length ?? 0) > 0 && !isCarrier(item)) endTurn();
        const carried = readCarrier(item['encrypted_content']);
        if (carried !== undefined) answer().reasoning.push(carried);
        else dropped.add('input.reasoning');
        return;
      }
      case 'additional_tools':
        // Its tools are those of the request: see `tools.ts`.
        return;
      case 'tool_search_call':
        return void answer().calls.push(toSearch(item, param));
      case 'tool_search_output':
        endTurn();
        return void messages.push(toFound(item, param));
      case 'function_call':
      case 'custom_tool_call':
        return void answer().calls.push(toCall(item, bridged, param));
      case 'function_call_output':
      case 'custom_tool_call_output':
        endTurn();
        return void messages.push(toResult(item, param, dropped));
      default:
        if (typeof type !== 'string') throw typeExpected(`${param}.type`);
        throw new GatewayError('invalid_value', {
          param: `${param}.type`,
          message: `Invalid value for '${param}.type': items of the type '${type.slice(0, 64)}' can only be used at the provider that made them.`,
        });
    }
  }

  if (typeof input === 'string') messages.push({ role: 'user', content: input });
  else itemsOf(input).forEach((item, at) => add(membersOf(item), `input[${at}]`));
  endTurn();
  if (instructions != null && instructions !== '') messages.unshift({ role: 'system', content: instructions });
  if (messages.length === 0) {
    throw new GatewayError('missing_required_parameter', {
      param: 'input',
      message: "Missing required parameter: 'input'.",
    });
  }
  return messages;
}

const typeExpected = (param: string): GatewayError =>
  new GatewayError('invalid_type', { param, message: `Invalid type for '${param}': expected a string.` });

/** An item with details alone belongs to the turn before it: they come after its text. */
const isCarrier = (item: JsonObject): boolean => itemsOf(item['summary']).length === 0;

function toAssistant({ content, calls, reasoning }: Turn): JsonObject {
  const details = reasoning.flatMap((each) => each.details);
  const extras: JsonObject = Object.assign({}, ...reasoning.map((each) => each.calls));
  const text = reasoning.map((each) => each.text).join('');
  const [only] = content;
  const isPlain = content.length === 1 && only?.['type'] === 'text';
  return {
    role: 'assistant',
    content: content.length === 0 ? null : isPlain ? only['text'] : content,
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => withExtra(call, extras)) }),
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

/** Gives a call the content that its provider requires back with it. */
const withExtra = (call: JsonObject, extras: JsonObject): JsonObject => {
  const id = String(call['id']);
  return Object.hasOwn(extras, id) ? { ...call, extra_content: extras[id] } : call;
};

/** Models without the role `developer` know `system`, which means the same everywhere. */
const roles: Readonly<Record<string, string>> = { user: 'user', system: 'system', developer: 'system' };

function toMessage({ role, content }: JsonObject, param: string, dropped: Dropped): JsonObject {
  const known = typeof role === 'string' && Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (known === undefined) {
    throw new GatewayError('invalid_value', {
      param: `${param}.role`,
      message: `Invalid value for '${param}.role': supported are 'user', 'assistant', 'system' and 'developer'.`,
    });
  }
  return {
    role: known,
    content: typeof content === 'string' ? content : contentOf(content, `${param}.content`, dropped),
  };
}

function contentOf(content: unknown, param: string, dropped: Dropped): JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) {
    throw new GatewayError('invalid_type', {
      param,
      message: `Invalid type for '${param}': expected one of a string or array of objects.`,
    });
  }
  return content.map((given, at) => {
    const part = membersOf(given);
    const { prompt_cache_breakpoint: mark } = part;
    const converted = toPart(part, `${param}[${at}]`);
    dropped.rest(part, partMembers[String(part['type'])] ?? textMembers, 'input.content.');
    return isObject(mark) ? { ...converted, prompt_cache_breakpoint: mark } : converted;
  });
}

function toPart(part: JsonObject, param: string): JsonObject {
  const {
    type,
    text,
    refusal,
    image_url: image,
    detail,
    file_data: data,
    file_id: id,
    file_url: link,
    filename,
  } = part;
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      if (typeof text === 'string') return { type: 'text', text };
      break;
    case 'refusal':
      if (typeof refusal === 'string') return { type: 'refusal', refusal };
      break;
    case 'input_image':
      if (typeof image === 'string') {
        return { type: 'image_url', image_url: { url: image, ...(typeof detail === 'string' ? { detail } : {}) } };
      }
      break;
    case 'input_audio':
      if (isObject(part['input_audio'])) return { type: 'input_audio', input_audio: part['input_audio'] };
      break;
    case 'input_file':
      if (typeof link === 'string') break;
      return {
        type: 'file',
        file: Object.fromEntries(
          Object.entries({ file_data: data, file_id: id, filename }).filter(([, value]) => typeof value === 'string'),
        ),
      };
    default:
      if (typeof type !== 'string') throw typeExpected(`${param}.type`);
      throw new GatewayError('invalid_value', {
        param: `${param}.type`,
        message: `Invalid value for '${param}.type': the type '${type.slice(0, 64)}' is not supported.`,
      });
  }
  throw new GatewayError('invalid_value', {
    param,
    message: `Invalid value for '${param}': it lacks its content, or names it by an id or address that only its provider can read.`,
  });
}

function toCall(item: JsonObject, bridged: ReadonlyMap<string, BridgedTool>, param: string): JsonObject {
  const { name, namespace, call_id: id } = item;
  if (typeof name !== 'string' || typeof id !== 'string') throw incomplete(param, 'name', 'call_id');
  const isCustom = item['type'] === 'custom_tool_call';
  const text = isCustom ? writeLossless({ [customInput]: item['input'] ?? '' }) : item['arguments'];
  const flat = [...bridged].find(([, tool]) => tool.name === name && tool.namespace === (namespace ?? undefined))?.[0];
  return {
    id,
    type: 'function',
    function: { name: flat ?? inNamespace(name, namespace), arguments: typeof text === 'string' ? text : '{}' },
  };
}

function toSearch({ call_id: id, arguments: query }: JsonObject, param: string): JsonObject {
  if (typeof id !== 'string') throw incomplete(param, 'call_id');
  const text = typeof query === 'string' ? query : writeLossless(query ?? {});
  return { id, type: 'function', function: { name: searchTool, arguments: text } };
}

/** The model reads which tools were found; the request declares them. */
function toFound({ call_id: id, tools }: JsonObject, param: string): JsonObject {
  if (typeof id !== 'string') throw incomplete(param, 'call_id');
  const found = itemsOf(tools).map(membersOf);
  const names = found.map(({ name, description }) => ({ name, ...(description == null ? {} : { description }) }));
  return { role: 'tool', tool_call_id: id, content: writeLossless({ tools: names }) };
}

function toResult({ call_id: id, output }: JsonObject, param: string, dropped: Dropped): JsonObject {
  if (typeof id !== 'string') throw incomplete(param, 'call_id');
  const content = typeof output === 'string' ? output : contentOf(output, `${param}.output`, dropped);
  return { role: 'tool', tool_call_id: id, content: content.length === 0 ? '' : content };
}

const incomplete = (param: string, ...names: readonly string[]): GatewayError =>
  new GatewayError('missing_required_parameter', {
    param: `${param}.${names[0] ?? ''}`,
    message: `Missing required parameter: '${param}' needs ${names.map((name) => `'${name}'`).join(' and ')}.`,
  });
