import { type ChatBody, type JsonObject, membersOf, respell } from '@sluice/protocol';

/** A model's name without the suffix of a client, and whether the model shall reason; undefined: not specified. */
export interface ThinkingChoice {
  readonly model: string;
  readonly isOn: boolean | undefined;
}

type Switches = JsonObject;

interface Family {
  readonly names: RegExp;
  readonly on: Switches;
  readonly off: Switches;
}

const templateOff = { chat_template_kwargs: { enable_thinking: false } };
const templateOn = { chat_template_kwargs: { enable_thinking: true } };
const templateOnKept = { chat_template_kwargs: { enable_thinking: true, clear_thinking: false } };
const enabled = { thinking: { type: 'enabled' } };

/** Switches of each family; the first match counts. If reasoning can't be turned off, `off` equals `on` or is empty. */
const families: readonly Family[] = [
  { names: /^qwen.*4b$/, on: {}, off: {} },
  { names: /^glm-5/, on: { ...templateOnKept, enable_thinking: true, ...enabled }, off: templateOff },
  { names: /^glm-/, on: templateOnKept, off: templateOff },
  { names: /^deepseek-v3\.[12]/, on: templateOn, off: templateOff },
  { names: /thinking/, on: { thinking_mode: true }, off: { thinking_mode: true } },
  {
    names: /^deepseek-r1/,
    on: { thinking_mode: true, reasoning: true },
    off: { thinking_mode: true, reasoning: true },
  },
  { names: /^deepseek/, on: { thinking_mode: true, reasoning: true }, off: {} },
  { names: /^minimax/, on: { reasoning_split: true }, off: { reasoning_split: false } },
  { names: /^(?:kimi-k2\.5|mimo-)/, on: enabled, off: {} },
  { names: /reasoning/, on: { reasoning: true }, off: {} },
];

/** Switches of all families; they are removed for models that do not support them. */
const ownSwitches = ['enable_thinking', 'thinking', 'thinking_mode', 'reasoning', 'reasoning_split'] as const;
const templateSwitches = ['enable_thinking', 'clear_thinking'];

/**
 * Selects reasoning. A suffix of the name takes precedence over iFlow's own switches, and these over
 * `reasoning_effort`.
 */
export function chooseThinking(body: ChatBody, planned: string): ThinkingChoice {
  const bySuffix = readSuffix(planned);
  const asked = body['model'];
  const isOn =
    bySuffix.isOn ??
    (typeof asked === 'string' ? readSuffix(asked).isOn : undefined) ??
    bySwitch(body) ??
    byEffort(body);
  return { model: bySuffix.model, isOn };
}

/** Returns the request with the switches of its model's family only. */
export function withThinking(body: ChatBody, { model, isOn }: ThinkingChoice): ChatBody {
  const name = model.toLowerCase();
  const family = families.find(({ names }) => names.test(name));
  const { chat_template_kwargs: switched, ...others } = (isOn === undefined ? {} : family?.[isOn ? 'on' : 'off']) ?? {};
  const template = {
    ...withoutKeys(membersOf(body['chat_template_kwargs']), templateSwitches),
    ...membersOf(switched),
  };
  return {
    ...withoutKeys(body, [...ownSwitches, 'reasoning_effort', 'chat_template_kwargs']),
    ...(Object.keys(template).length === 0 ? {} : { chat_template_kwargs: template }),
    ...others,
  };
}

/** Reads a suffix: `glm-4.7(high)`, `glm-4.7(8192)`, `glm-4.7(none)`. */
function readSuffix(name: string): ThinkingChoice {
  const [, model, word] = /^(.+)\((auto|none|minimal|low|medium|high|xhigh|max|\d{1,9})\)$/i.exec(name) ?? [];
  if (model === undefined || word === undefined) return { model: name, isOn: undefined };
  return { model, isOn: isOnWord(word) };
}

const isOnWord = (word: string): boolean => word.toLowerCase() !== 'none' && Number(word) !== 0;

function bySwitch(body: ChatBody): boolean | undefined {
  const given = [membersOf(body['chat_template_kwargs'])['enable_thinking'], ...ownSwitches.map((name) => body[name])];
  return given.map(readSwitch).find((isOn) => isOn !== undefined);
}

function readSwitch(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const { type } = membersOf(value);
  return typeof type === 'string' ? type !== 'disabled' : undefined;
}

function byEffort({ reasoning_effort: effort }: ChatBody): boolean | undefined {
  return typeof effort === 'string' && effort !== '' ? isOnWord(effort) : undefined;
}

const withoutKeys = (body: ChatBody, keys: readonly string[]): ChatBody =>
  respell(Object.fromEntries(Object.entries(body).filter(([key]) => !keys.includes(key))), body);
