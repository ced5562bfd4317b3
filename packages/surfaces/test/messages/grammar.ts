import { read } from './streaming.ts';

const deltas: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  redacted_thinking: [],
};

/**
 * Returns the first fault of a stream by Anthropic's grammar, or undefined: message_start, then blocks in the order of their
 * indices, each with its start, deltas of its kind and its stop, then message_delta and message_stop.
 */
export function faultOf(sse: string): string | undefined {
  let phase: 'before' | 'blocks' | 'delta' | 'over' = 'before';
  let open: { readonly index: number; readonly type: string; isSigned: boolean } | undefined;
  let next = 0;
  for (const { name, data } of read(sse)) {
    if (data['type'] !== name) return `the name ${name} differs from the type ${String(data['type'])}`;
    if (phase === 'over') return `${name} after the end`;
    switch (name) {
      case 'ping':
        break;
      case 'message_start':
        if (phase !== 'before') return 'a second message_start';
        phase = 'blocks';
        break;
      case 'content_block_start': {
        if (phase !== 'blocks') return `a block in the phase ${phase}`;
        if (open !== undefined) return 'a block inside a block';
        if (data['index'] !== next) return `block ${String(data['index'])} instead of ${next}`;
        open = { index: next, type: (data['content_block'] as { type: string }).type, isSigned: false };
        break;
      }
      case 'content_block_delta': {
        const { type } = data['delta'] as { type: string };
        if (open === undefined || data['index'] !== open.index) return 'a delta outside its block';
        if (deltas[open.type]?.includes(type) !== true) return `${type} in a block of ${open.type}`;
        if (open.isSigned) return 'a delta after the signature';
        open.isSigned = type === 'signature_delta';
        break;
      }
      case 'content_block_stop':
        if (open === undefined || data['index'] !== open.index) return 'a stop without its block';
        open = undefined;
        next++;
        break;
      case 'message_delta':
        if (phase !== 'blocks' || open !== undefined) return 'message_delta too early';
        if (typeof (data['delta'] as { stop_reason: unknown }).stop_reason !== 'string') return 'no stop reason';
        phase = 'delta';
        break;
      case 'message_stop':
        if (phase !== 'delta') return 'message_stop without message_delta';
        phase = 'over';
        break;
      default:
        return `unknown event ${name}`;
    }
  }
  return phase === 'over' ? undefined : `the stream ends in the phase ${phase}`;
}
