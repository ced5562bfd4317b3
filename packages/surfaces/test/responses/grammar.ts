/** One event of a response, as a client reads it. */
export interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly [member: string]: unknown;
}

interface Item {
  readonly id: string;
  readonly type: string;
  readonly status?: string;
  readonly [member: string]: unknown;
}

interface Response {
  readonly id: string;
  readonly status: string;
  readonly output: readonly Item[];
  readonly [member: string]: unknown;
}

export interface ReadStream {
  readonly events: readonly ResponseEvent[];
  /** Types of the events, in their order. */
  readonly types: readonly string[];
  readonly response: Response;
}

/** Reads a stream, and throws an error at the first event that the grammar of responses does not allow. */
export function readStream(sse: string): ReadStream {
  if (!sse.endsWith('data: [DONE]\n\n')) throw new Error('the stream has no terminal event');
  const events = sse
    .split('\n\n')
    .slice(0, -2)
    .map((frame) => {
      const [name, data] = frame.split('\n');
      const event = JSON.parse(data?.replace('data: ', '') ?? '') as ResponseEvent;
      if (name !== `event: ${event.type}`) throw new Error(`the event ${event.type} has the name ${String(name)}`);
      return event;
    });
  const response = check(events);
  return { events, types: events.map(({ type }) => type), response };
}

/** An item between its first and its last event. */
interface OpenItem {
  readonly item: Item;
  readonly done: Set<string>;
  /** The text of its open part. */
  text: string | undefined;
}

function check(events: readonly ResponseEvent[]): Response {
  const open = new Map<number, OpenItem>();
  const ended = new Map<number, Item>();
  let added = 0;
  let last: Response | undefined;
  const fail = (event: ResponseEvent, why: string): never => {
    throw new Error(`event ${event.sequence_number} (${event.type}): ${why}`);
  };
  events.forEach((event, at) => {
    if (event.sequence_number !== at) fail(event, `expected number ${at}`);
    if (last !== undefined) fail(event, 'follows the terminal event');
    if ((at === 0) !== (event.type === 'response.created')) fail(event, 'the first event is response.created');
    if ((at === 1) !== (event.type === 'response.in_progress')) fail(event, 'the second is response.in_progress');
    const {
      response,
      output_index: index,
      item,
      item_id: id,
    } = event as ResponseEvent & {
      readonly response?: Response;
      readonly output_index?: number;
      readonly item?: Item;
      readonly item_id?: string;
    };
    if (at < 2 || event.type === 'error') return;
    if (/^response\.(?:completed|incomplete|failed)$/.test(event.type)) {
      if (open.size > 0) fail(event, 'an item is open');
      if (event.type !== `response.${response?.status}`) fail(event, 'differs from the status');
      const expected = [...ended].sort(([a], [b]) => a - b).map(([, each]) => each);
      if (JSON.stringify(response?.output) !== JSON.stringify(expected)) fail(event, 'lacks an item');
      last = response;
      return;
    }
    if (index === undefined) return fail(event, 'has no output_index');
    if (event.type === 'response.output_item.added') {
      if (index !== added++) fail(event, 'skips an index');
      open.set(index, { item: item ?? fail(event, 'has no item'), done: new Set(), text: undefined });
      return;
    }
    const current = open.get(index) ?? fail(event, 'its item is not open');
    if (event.type === 'response.output_item.done') {
      if (current.text !== undefined) fail(event, 'a part is open');
      if (item?.id !== current.item.id || item.type !== current.item.type) fail(event, 'is another item');
      ended.set(index, item as Item);
      open.delete(index);
      return;
    }
    if (id !== current.item.id) fail(event, 'has the id of another item');
    checkPart(event, current, fail);
  });
  return last ?? fail(events.at(-1) ?? { type: 'none', sequence_number: 0 }, 'is not terminal');
}

const kinds: Readonly<Record<string, RegExp>> = {
  message: /^response\.(?:content_part|output_text|refusal)\./,
  reasoning: /^response\.reasoning_summary_(?:part|text)\./,
  function_call: /^response\.function_call_arguments\./,
  // No event tells the pieces of a search.
  tool_search_call: /^$/,
  custom_tool_call: /^response\.custom_tool_call_input\./,
};

function checkPart(event: ResponseEvent, current: OpenItem, fail: (event: ResponseEvent, why: string) => never): void {
  const { type } = event;
  if (kinds[current.item.type]?.test(type) !== true) fail(event, `does not belong to a ${current.item.type}`);
  const isCall = current.item.type.endsWith('call');
  if (type.endsWith('part.added')) {
    if (current.text !== undefined) fail(event, 'a part is open already');
    current.text = '';
  } else if (type.endsWith('.delta')) {
    if (current.text === undefined && !isCall) fail(event, 'no part is open');
    if (current.done.has('text')) fail(event, 'the text has ended');
    if (event['delta'] === '') fail(event, 'is empty');
    current.text = (current.text ?? '') + String(event['delta']);
  } else if (type.endsWith('part.done')) {
    if (!current.done.delete('text')) fail(event, 'its text has not ended');
    current.text = undefined;
  } else if (type.endsWith('.done')) {
    const whole = event['text'] ?? event['arguments'] ?? event['input'] ?? event['refusal'];
    if (whole !== (current.text ?? '')) fail(event, 'differs from its pieces');
    current.done.add('text');
    if (isCall) current.text = undefined;
  } else fail(event, 'is unknown');
}
