/**
 * The form in which a client sees a model's reasoning:
 * - `field`: `reasoning_content` beside the content, as they travel inside.
 * - `think`: in the content, between `<think>` and `</think>`.
 * - `strip`: nothing.
 * - `raw`: in the content, marked as the provider marks them. Where a provider has a field for them, that is `field`.
 */
export const thinkingModes = ['field', 'think', 'strip', 'raw'] as const;
export type ThinkingMode = (typeof thinkingModes)[number];

/** The modes in which an answer is changed on its way to the client. */
export type ReshapingMode = Extract<ThinkingMode, 'think' | 'strip'>;

export const isReshaped = (mode: ThinkingMode): mode is ReshapingMode => mode === 'think' || mode === 'strip';
