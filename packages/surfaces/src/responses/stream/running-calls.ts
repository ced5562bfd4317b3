import type { ChatChunk, JsonObject } from '@sluice/protocol';
import type { BridgedTool } from '../tools.ts';
import { type CallItem, type ItemNeeds, type ItemStatus, openCall, writeCarrier } from './open-item.ts';

export type CallPiece = NonNullable<NonNullable<ChatChunk['choices'][number]['delta']>['tool_calls']>[number];

/** The calls of an answer whose pieces may still arrive. */
export interface RunningCalls {
  add(piece: CallPiece): void;
  /** Keeps reasoning that its provider requires back with the calls. */
  keep(details: readonly JsonObject[]): void;
  /** Ends the calls whose arguments are whole. */
  endWhole(): void;
  /** Ends all calls. The last one has this status. */
  endAll(status: ItemStatus): void;
  readonly count: number;
}

export interface RunningCallsNeeds {
  readonly bridged: ReadonlyMap<string, BridgedTool>;
  readonly newId: (prefix: string) => string;
  /** Returns the place of a new item. */
  readonly place: (prefix: string) => ItemNeeds;
  readonly onItem: (index: number, item: JsonObject) => void;
  /** Called when a new call begins: no text is open beside it. */
  readonly onBegin: () => void;
}

const prefixes = { function: 'fc', custom: 'ctc', search: 'tsc' } as const;

interface RunningCall {
  readonly index: number;
  /** Undefined until its name has arrived. */
  item: { readonly open: CallItem; readonly at: number } | undefined;
  id: string | undefined;
  name: string;
  /** Arguments that came before the name. */
  early: string;
  extra: unknown;
}

/**
 * Providers send calls one after the other, or their pieces in turns. A call ends when its arguments are whole and something
 * else begins; others stay open until the end of the answer.
 */
export function createRunningCalls({ bridged, newId, place, onItem, onBegin }: RunningCallsNeeds): RunningCalls {
  let running: RunningCall[] = [];
  let details: JsonObject[] = [];

  function begin(call: RunningCall): NonNullable<RunningCall['item']> {
    const callId = call.id ?? newId('call');
    carry(call.extra === undefined ? {} : { [callId]: call.extra });
    const tool = bridged.get(call.name) ?? { kind: 'function', name: call.name };
    const needs = place(prefixes[tool.kind]);
    const item = { open: openCall(needs, { callId, tool }), at: needs.index };
    item.open.add(call.early);
    call.item = item;
    return item;
  }

  /** Writes the reasoning that belongs to the calls which follow. */
  function carry(calls: JsonObject): void {
    if (details.length === 0 && Object.keys(calls).length === 0) return;
    const needs = place('rs');
    onItem(needs.index, writeCarrier(needs, { text: '', details, calls }));
    details = [];
  }

  function end(call: RunningCall, status: ItemStatus = 'completed'): void {
    const { open, at } = call.item ?? begin(call);
    onItem(at, open.close(status));
    running = running.filter((other) => other !== call);
  }

  function endWhole(): void {
    for (const call of running) if (call.item?.open.isWhole() === true) end(call);
  }

  function callOf({ index, id }: CallPiece): RunningCall {
    const at = index ?? running.at(-1)?.index ?? 0;
    const known = running.find((call) => call.index === at);
    if (known !== undefined && (id == null || id === '' || known.id === undefined || known.id === id)) return known;
    onBegin();
    // A server that numbers all its calls 0 tells them apart by their ids.
    if (known !== undefined) end(known);
    endWhole();
    const call: RunningCall = { index: at, item: undefined, id: undefined, name: '', early: '', extra: undefined };
    running.push(call);
    return call;
  }

  return {
    add(piece) {
      const call = callOf(piece);
      const { name, arguments: text } = piece.function ?? {};
      if (piece.id != null && piece.id !== '') call.id ??= piece.id;
      call.extra ??= piece['extra_content'];
      if (call.item !== undefined) return call.item.open.add(text ?? '');
      call.name += name ?? '';
      call.early += text ?? '';
      if (call.name !== '') begin(call);
    },
    keep: (more) => void details.push(...more),
    endWhole,
    endAll(status) {
      for (const call of running) end(call, call === running.at(-1) ? status : 'completed');
    },
    get count() {
      return running.length;
    },
  };
}
