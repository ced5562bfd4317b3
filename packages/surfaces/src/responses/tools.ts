import { GatewayError, isObject, itemsOf, type JsonObject, membersOf } from '@sluice/protocol';
import type { Dropped } from '../messages/dropped.ts';
import type { ResponsesRequest } from './request-schema.ts';

/** A tool of the client behind a function that the model may call. */
export interface BridgedTool {
  readonly kind: 'function' | 'custom' | 'search';
  readonly name: string;
  /** Namespace of the tool. */
  readonly namespace?: string;
}

/** The tools of a request as functions. */
export interface Tooling {
  readonly tools: readonly JsonObject[];
  readonly choice: string | JsonObject | undefined;
  /** The client's tools by the names of their functions. */
  readonly bridged: ReadonlyMap<string, BridgedTool>;
}

/** The member of a bridged call that has the text of a custom tool. */
export const customInput = 'input';

/** Name of the function for a search of tools that the client makes. */
export const searchTool = 'tool_search';

const longestName = 64;

/** Members that the function of a tool carries. */
const members: Readonly<Record<BridgedTool['kind'], ReadonlySet<string>>> = {
  function: new Set(['type', 'name', 'description', 'parameters', 'strict']),
  custom: new Set(['type', 'name', 'description', 'format']),
  search: new Set(['type', 'execution', 'description', 'parameters']),
};
const namespaceMembers: ReadonlySet<string> = new Set(['type', 'name', 'tools']);

/**
 * Makes functions of all tools: custom tools become functions with one text, namespaces become parts of the names. Tools that
 * run at a provider are refused, because no chat request can name them.
 * @throws GatewayError `unsupported_tool`, or 400 for a tool without a name
 */
export function toTooling({ tools, tool_choice: choice, input }: ResponsesRequest, dropped: Dropped): Tooling {
  const bridged = new Map<string, BridgedTool>();
  const functions: JsonObject[] = [];

  function add(tool: JsonObject, param: string, namespace?: string): void {
    const { type } = tool;
    if (type === 'tool_search' && tool['execution'] === 'client') {
      dropped.rest(tool, members.search, 'tools.');
      bridged.set(searchTool, { kind: 'search', name: searchTool });
      return void functions.push({ type: 'function', function: toFunction(tool, searchTool) });
    }
    if (type !== 'function' && type !== 'custom') throw unsupportedTool(type, param);
    const { name } = tool;
    if (typeof name !== 'string' || name === '') {
      throw new GatewayError('missing_required_parameter', {
        param: `${param}.name`,
        message: `Missing required parameter: '${param}.name'.`,
      });
    }
    dropped.rest(tool, members[type], 'tools.');
    // A search may find a tool that the request has already.
    if ([...bridged.values()].some((known) => known.name === name && known.namespace === namespace)) return;
    const flat = flatName(name, namespace, bridged);
    bridged.set(flat, { kind: type, name, ...(namespace === undefined ? {} : { namespace }) });
    functions.push({
      type: 'function',
      function: type === 'function' ? toFunction(tool, flat) : toTextFunction(tool, flat),
    });
  }

  function addAll(list: unknown, path: string): void {
    itemsOf(list).forEach((given, at) => {
      const tool = membersOf(given);
      if (tool['type'] !== 'namespace') return add(tool, `${path}[${at}]`);
      const name = typeof tool['name'] === 'string' ? tool['name'] : '';
      dropped.rest(tool, namespaceMembers, 'tools.');
      itemsOf(tool['tools']).forEach((inner, innerAt) =>
        add(membersOf(inner), `${path}[${at}].tools[${innerAt}]`, name),
      );
    });
  }

  addAll(tools, 'tools');
  itemsOf(input).forEach((item, at) => {
    const { type, tools: more } = membersOf(item);
    if (type === 'tool_search_output' || type === 'additional_tools') addAll(more, `input[${at}].tools`);
  });
  return { ...chosen(choice, functions, bridged), bridged };
}

const unsupportedTool = (type: unknown, param: string): GatewayError =>
  new GatewayError(typeof type === 'string' ? 'unsupported_tool' : 'invalid_type', {
    param: `${param}.type`,
    message:
      typeof type !== 'string'
        ? `Invalid type for '${param}.type': expected a string.`
        : `The tool '${type.slice(0, longestName)}' runs at its provider alone, and no upstream of this model has it. Supported are 'function', 'custom', 'namespace', and 'tool_search' of the client. Codex leaves its web search out with web_search = "disabled" in its configuration.`,
  });

/** Returns a name of a function that no other tool has: letters, digits, `_` and `-`, at most 64 characters. */
function flatName(name: string, namespace: string | undefined, taken: ReadonlyMap<string, unknown>): string {
  const whole = inNamespace(name, namespace);
  for (let number = 1; ; number++) {
    const end = number === 1 ? '' : `_${number}`;
    const flat = whole.slice(0, longestName - end.length) + end;
    if (!taken.has(flat)) return flat;
  }
}

/** Returns the name of a function for a tool in a namespace. */
export const inNamespace = (name: string, namespace: unknown): string =>
  (typeof namespace === 'string' ? `${namespace}__${name}` : name).replaceAll(/[^\w-]/g, '_');

function toFunction({ description, parameters, strict }: JsonObject, name: string): JsonObject {
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...(isObject(parameters) ? { parameters } : {}),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
}

/** A custom tool takes any text; a grammar for it can only be described. */
function toTextFunction({ description, format }: JsonObject, name: string): JsonObject {
  const { type, syntax, definition } = membersOf(format);
  const grammar =
    type === 'grammar' ? `The text must match this ${String(syntax)} grammar:\n${String(definition)}` : undefined;
  const told = [typeof description === 'string' ? description : undefined, grammar].filter(
    (part) => part !== undefined,
  );
  return {
    name,
    ...(told.length === 0 ? {} : { description: told.join('\n\n') }),
    parameters: {
      type: 'object',
      properties: { [customInput]: { type: 'string', description: 'The whole text for the tool, as it is.' } },
      required: [customInput],
      additionalProperties: false,
    },
  };
}

type Chosen = Pick<Tooling, 'tools' | 'choice'>;

/** Allowed tools are enforced here: the model does not hear of the others. */
function chosen(
  choice: ResponsesRequest['tool_choice'],
  tools: readonly JsonObject[],
  bridged: Tooling['bridged'],
): Chosen {
  if (choice == null || typeof choice === 'string') return { tools, choice: choice ?? undefined };
  const { type, name, mode, tools: allowed } = choice as JsonObject;
  if (type === 'function' || type === 'custom') {
    return { tools, choice: named(flatOf(name, bridged, 'tool_choice')) };
  }
  if (type !== 'allowed_tools') throw unsupportedTool(type, 'tool_choice');
  const names = new Set(
    itemsOf(allowed).map((each, at) => flatOf(membersOf(each)['name'], bridged, `tool_choice.tools[${at}]`)),
  );
  return {
    tools: tools.filter((tool) => names.has(String(membersOf(tool['function'])['name']))),
    choice: mode === 'required' ? 'required' : 'auto',
  };
}

const named = (name: string): JsonObject => ({ type: 'function', function: { name } });

/** @throws GatewayError if `name` is not a string, or no tool has this name; it names the field at `param` */
function flatOf(name: unknown, bridged: Tooling['bridged'], param: string): string {
  if (typeof name !== 'string') {
    throw new GatewayError('invalid_type', {
      param: `${param}.name`,
      message: `Invalid type for '${param}.name': expected a string.`,
    });
  }
  for (const [flat, tool] of bridged) if (tool.name === name || flat === name) return flat;
  throw new GatewayError('invalid_value', {
    param: 'tool_choice',
    message: `Invalid value for 'tool_choice': no tool named '${name.slice(0, longestName)}' was specified in the 'tools' parameter.`,
  });
}
