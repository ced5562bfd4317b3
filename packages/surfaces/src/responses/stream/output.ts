import type { JsonObject } from '@sluice/protocol';
import type { BridgedTool } from '../tools.ts';
import type { EventWriter, Obfuscate } from './event-writer.ts';
import {
  type ItemNeeds,
  type ItemStatus,
  type MessageItem,
  openMessage,
  openReasoning,
  type ReasoningItem,
} from './open-item.ts';
import { type CallPiece, createRunningCalls } from './running-calls.ts';

/** The growing output of a response. */
export interface Output {
  say(kind: 'output_text' | 'refusal', text: string, logprobs: readonly unknown[]): void;
  think(text: string): void;
  /** Keeps reasoning that its provider requires back with the calls of this answer. */
  keep(details: readonly JsonObject[]): void;
  call(piece: CallPiece): void;
  /** Ends all open items. The last one has this status. */
  end(status: ItemStatus): void;
  /** The items that have ended, in their order. */
  items(): readonly JsonObject[];
}

export interface OutputNeeds {
  readonly writer: EventWriter;
  readonly bridged: ReadonlyMap<string, BridgedTool>;
  readonly newId: (prefix: string) => string;
  readonly obfuscate?: Obfuscate | undefined;
}

export function createOutput({ writer, bridged, newId, obfuscate }: OutputNeeds): Output {
  const items: (JsonObject | undefined)[] = [];
  let text: { readonly open: MessageItem | ReasoningItem; readonly at: number } | undefined;
  const onItem = (index: number, item: JsonObject): void => void (items[index] = item);
  const calls = createRunningCalls({ bridged, newId, place, onItem, onBegin: () => endText() });

  function place(prefix: string): ItemNeeds {
    items.push(undefined);
    return { writer, id: newId(prefix), index: items.length - 1, obfuscate };
  }

  function endText(status: ItemStatus = 'completed'): void {
    if (text === undefined) return;
    onItem(text.at, text.open.close(status));
    text = undefined;
  }

  /** Opens an item of text beside no other one. */
  function begin<Item extends MessageItem | ReasoningItem>(prefix: string, open: (needs: ItemNeeds) => Item): Item {
    calls.endWhole();
    endText();
    const needs = place(prefix);
    const opened = open(needs);
    text = { open: opened, at: needs.index };
    return opened;
  }

  return {
    say(kind, piece, logprobs) {
      if (piece === '') return;
      const message = text?.open.kind === 'message' ? text.open : begin('msg', openMessage);
      message.add(kind, piece, logprobs);
    },
    think(piece) {
      if (piece === '') return;
      const reasoning = text?.open.kind === 'reasoning' ? text.open : begin('rs', openReasoning);
      reasoning.add(piece);
    },
    keep: calls.keep,
    call: calls.add,
    end(status) {
      endText(calls.count === 0 ? status : 'completed');
      calls.endAll(status);
    },
    items: () => items.filter((item) => item !== undefined),
  };
}
