import { isDeepStrictEqual } from 'node:util';
import { type ChatBody, GatewayError, isObject, type JsonObject, parseLossless, writeLossless } from '@sluice/protocol';
import { type CallPlan, fitRequest } from '@sluice/providers';
import type { Column } from './adapters.ts';
import type { Dialect, Translated } from './dialect.ts';
import { leafOf, nameOf, type Probe, withField, withoutField, withoutIndices } from './probe.ts';

/** The way of a field to an upstream. */
export type Verdict =
  /** The upstream gets it under its name. */
  | 'carried'
  /** The upstream gets it in another form. */
  | 'mapped'
  /** A 400 names it. */
  | 'refused'
  /** A 400 names it; with `drop_unsupported` the upstream does not get it. */
  | 'optional'
  /** The upstream does not get it, and `x-sluice-dropped` names it. */
  | 'listed'
  /** The gateway reads it, or it changes nothing. */
  | 'unsent'
  /** The upstream does not get it, and nothing tells. */
  | 'lost';

/** Returns the way of a field to an upstream. */
export function judge(dialect: Dialect, { adapter, ...column }: Column, probe: Probe, isNative = false): Verdict {
  if (dialect.native.includes(adapter.type)) return 'carried';
  const asked = translate(dialect, withField(probe), isNative);
  if (asked instanceof GatewayError) {
    const { param = '', status } = asked;
    if (status !== 400 || !isAbout(param, probe)) throw new Error(`${nameOf(probe)}: ${asked.message} (${param})`);
    return 'refused';
  }
  const plain = translate(dialect, withoutField(probe), isNative);
  if (plain instanceof GatewayError) throw new Error(`${nameOf(probe)}, the request to compare with`, { cause: plain });
  const [asks, compared] = [asked.chat, plain.chat];
  if (isDeepStrictEqual(asks, compared))
    return orElse('lost', { dialect, probe, told: added(asked.dropped, plain.dropped) });
  const fit = (body: ChatBody, dropUnsupported: boolean) => fitRequest(body, adapter, { model: 'm', dropUnsupported });
  const [most, least] = [fit(asks, true), fit(compared, true)];
  if (most.kind === 'unsupported') return 'refused';
  const isNew = fit(asks, false).kind === 'unsupported' && fit(compared, false).kind === 'fits';
  if (isNew || (least.kind === 'fits' && isDeepStrictEqual(most.body, least.body))) return 'optional';
  const [after, before] = [most, least].map((fitted) =>
    fitted.kind === 'fits' ? sent({ adapter, ...column }, fitted.body) : undefined,
  );
  if (after === undefined) return 'refused';
  if (!isDeepStrictEqual(before, after)) return has(after, probe) && !has(before, probe) ? 'carried' : 'mapped';
  const told = least.kind === 'fits' ? added(most.unsent, least.unsent) : [];
  // What is left out with `drop_unsupported` may contain the field, as tools contain their choice.
  const unless = fit(asks, false).kind === 'unsupported' ? 'optional' : 'lost';
  return orElse(unless, { dialect, probe, told: told.map((name) => dialect.fieldName(name)) });
}

const added = (names: readonly string[], others: readonly string[]): readonly string[] =>
  names.filter((name) => !others.includes(name));

interface Reports {
  readonly dialect: Dialect;
  readonly probe: Probe;
  /** Names in `x-sluice-dropped`. */
  readonly told: readonly string[];
}

function orElse(verdict: Verdict, { dialect, probe, told }: Reports): Verdict {
  if (told.some((name) => isAbout(name, probe))) return 'listed';
  return Object.hasOwn(dialect.unsent, nameOf(probe)) ? 'unsent' : verdict;
}

function translate(dialect: Dialect, request: JsonObject, isNative: boolean): Translated | GatewayError {
  try {
    const { chat, dropped } = dialect.translate(request, isNative);
    // Workers read the text that the ingress has written.
    return { chat: parseLossless(writeLossless(chat)) as ChatBody, dropped };
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** Returns whether a reported name is the field itself, a part of it, or the object around it. */
function isAbout(name: string, { at }: Probe): boolean {
  const [reported, own] = [withoutIndices(name), withoutIndices(at)];
  const lastOf = (path: string): string | undefined => path.split('.').at(-1);
  return lastOf(own) === lastOf(reported) || own.startsWith(`${reported}.`) || reported.startsWith(`${own}.`);
}

/** Returns everything that the upstream gets for a request. */
function sent({ adapter, baseUrl, model }: Omit<Column, 'title'>, fitted: ChatBody): unknown {
  const plan: CallPlan = {
    model,
    baseUrl,
    apiKey: 'key',
    stream: fitted['stream'] === true,
    reportStreamUsage: true,
    requestId: 'request',
    startedAtMs: 1_700_000_000_000,
    newId: () => '00000000-0000-4000-8000-000000000000',
    keepsThinkingMarkup: false,
  };
  const steps = adapter.prepare?.(fitted, plan);
  const before: unknown[] = [];
  let body = fitted;
  let notes: CallPlan['notes'] = {};
  for (let next = steps?.next(); next !== undefined;) {
    if (next.done === true) {
      if (next.value.kind === 'failed') return undefined;
      ({ body = fitted, notes = {} } = next.value);
      break;
    }
    before.push(next.value);
    next = steps?.next({ head: { status: 200, headers: {} }, text: '{"id":"created"}' });
  }
  const { url, headers, body: text } = adapter.toUpstream(body, { ...plan, notes });
  return { before, url, headers, body: typeof text === 'string' ? (JSON.parse(text) as unknown) : text };
}

/** Returns whether the field is somewhere in what the upstream gets, with its name and its value. */
function has(value: unknown, probe: Probe): boolean {
  const leaf = leafOf(probe);
  if (leaf === undefined && isDeepStrictEqual(value, probe.value)) return true;
  if (Array.isArray(value)) return value.some((item) => has(item, probe));
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([name, inner]) => (name === leaf && isDeepStrictEqual(inner, probe.value)) || has(inner, probe),
  );
}
