/**
 * Form in which a client gets a model's reasoning:
 * - `field`: `reasoning_content` beside the content, as inside Sluice.
 * - `think`: in the content, between `<think>` and `</think>`.
 * - `strip`: removed.
 * - `raw`: in the content, with the provider's own marks. If the provider has a field for it, the same as `field`.
 */
export const thinkingModes = ['field', 'think', 'strip', 'raw'] as const;
export type ThinkingMode = (typeof thinkingModes)[number];

/** Modes that change an answer on its way to the client. */
export type ReshapingMode = Extract<ThinkingMode, 'think' | 'strip'>;

export const isReshaped = (mode: ThinkingMode): mode is ReshapingMode => mode === 'think' || mode === 'strip';
