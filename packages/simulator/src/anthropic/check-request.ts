import { signatureOf } from './signature.ts';

/** Any JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

/** Returns the first error for which Anthropic refuses a request, in similar words; undefined if there is none. */
export function findFault(fields: Fields): string | undefined {
  const { model, max_tokens: maxTokens, messages, temperature, stop_sequences: stops } = fields;
  if (typeof model !== 'string' || model === '') return 'model: Field required';
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens) || maxTokens < 1)
    return 'max_tokens: Field required';
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required';
  if (temperature !== undefined && !(typeof temperature === 'number' && temperature >= 0 && temperature <= 1)) {
    return 'temperature: range: 0..1';
  }
  if (Array.isArray(stops) && stops.some((stop) => typeof stop !== 'string' || stop.trim() === '')) {
    return 'stop_sequences: each stop sequence must contain non-whitespace';
  }
  return faultOfThinking(fields, maxTokens) ?? faultOfTurns(messages) ?? faultOfEnd(fields, messages.at(-1));
}

function faultOfThinking({ thinking, tool_choice: choice }: Fields, maxTokens: number): string | undefined {
  if (!isObject(thinking) || thinking.type === 'disabled') return undefined;
  if (isObject(choice) && (choice.type === 'any' || choice.type === 'tool')) {
    return 'Thinking may not be enabled when tool_choice forces tool use.';
  }
  if (thinking.type === 'adaptive') return undefined;
  const { budget_tokens: budget } = thinking;
  if (thinking.type !== 'enabled' || typeof budget !== 'number' || budget < 1024) {
    return 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024';
  }
  return budget < maxTokens ? undefined : '`max_tokens` must be greater than `thinking.budget_tokens`.';
}

function faultOfTurns(messages: readonly unknown[]): string | undefined {
  let asked: readonly unknown[] = [];
  const known = new Set<unknown>();
  for (const [at, message] of messages.entries()) {
    const { role, content } = isObject(message) ? message : {};
    if (role !== 'user' && role !== 'assistant') return `messages.${at}.role: Input should be 'user' or 'assistant'`;
    if (at === 0 && role !== 'user') return 'messages: first message must use the "user" role';
    const blocks = blocksOf(content);
    if (blocks.length === 0) return `messages.${at}: all messages must have non-empty content`;
    const place = `messages.${at}.content`;
    const fault = blocks.map((block, blockAt) => faultOfBlock(block, `${place}.${blockAt}`)).find(Boolean);
    if (fault !== undefined) return fault;
    const answered = idsOf(blocks, 'tool_result', 'tool_use_id');
    if (asked.some((id) => !answered.includes(id))) {
      return `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${asked.join(', ')}.`;
    }
    if (answered.some((id) => !asked.includes(id)))
      return `${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks`;
    asked = role === 'assistant' ? idsOf(blocks, 'tool_use', 'id') : [];
    for (const id of asked) {
      if (known.has(id)) return `messages.${at}: \`tool_use\` ids must be unique`;
      known.add(id);
    }
  }
  return undefined;
}

function faultOfBlock(block: Fields, place: string): string | undefined {
  switch (block.type) {
    case 'text':
      return typeof block.text === 'string' && block.text.trim() !== ''
        ? undefined
        : 'messages: text content blocks must contain non-whitespace text';
    case 'image':
      return faultOfImage(block.source, place);
    case 'tool_use':
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(block.id))) return `${place}.tool_use.id: String should match pattern`;
      return isObject(block.input) ? undefined : `${place}.tool_use.input: Input should be a valid dictionary`;
    case 'thinking':
      return block.signature === signatureOf(String(block.thinking))
        ? undefined
        : `${place}: Invalid \`signature\` in \`thinking\` block`;
    case 'document':
    case 'tool_result':
    case 'redacted_thinking':
      return undefined;
    default:
      return `${place}: Input tag '${String(block.type)}' does not match any of the expected tags`;
  }
}

function faultOfImage(source: unknown, place: string): string | undefined {
  const { type, url, media_type: mediaType } = isObject(source) ? source : {};
  if (type === 'url' && typeof url === 'string' && url.startsWith('https://')) return undefined;
  return type === 'base64' && typeof mediaType === 'string' && imageTypes.has(mediaType)
    ? undefined
    : `${place}.image.source: Input should be a valid image source`;
}

function faultOfEnd({ thinking }: Fields, last: unknown): string | undefined {
  if (!isObject(last) || last.role !== 'assistant') return undefined;
  if (isObject(thinking) && thinking.type !== 'disabled') {
    return 'When `thinking` is enabled, a final `assistant` message must start with a thinking block.';
  }
  const text = blocksOf(last.content).at(-1)?.text;
  return typeof text === 'string' && text !== text.trimEnd()
    ? 'messages: final assistant content cannot end with trailing whitespace'
    : undefined;
}

/** Returns the blocks of a content; a plain text stands for one block. */
export function blocksOf(content: unknown): readonly Fields[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.filter(isObject) : [];
}

function idsOf(blocks: readonly Fields[], type: string, name: string): readonly unknown[] {
  return blocks.filter((block) => block.type === type).map((block) => block[name]);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
