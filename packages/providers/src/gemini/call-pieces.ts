import { writeLossless } from '@sluice/protocol';
import { createPartialArgs, type PartialArgs } from './partial-args.ts';
import type { WireCall } from './wire.ts';

/** A function call with complete arguments. */
export interface WholeCall {
  readonly id: string | undefined;
  readonly name: string;
  /** JSON. */
  readonly argumentsText: string;
  readonly signature: string | undefined;
}

/** Result of adding a part. */
type CallProgress =
  | { readonly kind: 'whole'; readonly call: WholeCall }
  /** More of the call will follow, or it has ended already. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'broken' };

/** Assembles calls whose arguments arrive in pieces (`willContinue`, `partialArgs`); other calls pass through. */
interface CallPieces {
  take(call: WireCall, signature: string | undefined): CallProgress;
  /** True if a call has begun and not ended. */
  readonly isOpen: boolean;
}

interface OpenCall {
  readonly id: string | undefined;
  readonly name: string;
  readonly partial: PartialArgs;
  /** Arguments that arrived as a whole. */
  whole: string | undefined;
  hasPieces: boolean;
  signature: string | undefined;
}

export function createCallPieces(): CallPieces {
  const open: OpenCall[] = [];

  /** Returns the call to which a piece belongs: by its id or, without one, the call that began last. */
  function belongingTo({ id, name }: WireCall): OpenCall | undefined {
    if (id) return open.find((each) => each.id === id);
    const last = open.at(-1);
    return !name || last?.name === name ? last : undefined;
  }

  function begin({ id, name }: WireCall): OpenCall | undefined {
    // Without an id a piece could belong to either of two calls.
    if (!name || (open.length > 0 && !id)) return undefined;
    const begun = {
      id: id || undefined,
      name,
      partial: createPartialArgs(),
      whole: undefined,
      hasPieces: false,
      signature: undefined,
    };
    open.push(begun);
    return begun;
  }

  return {
    take(wire, signature) {
      const { args, partialArgs, willContinue } = wire;
      if (isEmpty(wire) && open.length === 0) return { kind: 'pending' };
      const call = belongingTo(wire) ?? begin(wire);
      if (call === undefined) return { kind: 'broken' };
      call.signature ??= signature;
      if (args && (Object.keys(args).length > 0 || !call.hasPieces)) call.whole = writeLossless(args);
      for (const piece of partialArgs ?? []) {
        call.hasPieces = true;
        if (!call.partial.add(piece)) return { kind: 'broken' };
      }
      if (willContinue === true) return { kind: 'pending' };
      open.splice(open.indexOf(call), 1);
      const argumentsText = call.hasPieces ? call.partial.toText() : (call.whole ?? '{}');
      return { kind: 'whole', call: { id: call.id, name: call.name, argumentsText, signature: call.signature } };
    },
    get isOpen() {
      return open.length > 0;
    },
  };
}

/** Returns whether a piece is empty: the last piece of a call may only mark its end. */
const isEmpty = ({ id, name, args, partialArgs, willContinue }: WireCall): boolean =>
  !id && !name && !args && !partialArgs?.length && willContinue !== true;
