/** OpenAI's rule of thumb for English; other scripts are over-reserved, then corrected. */
const bytesPerToken = 4;
/** An image, sound or file, whatever its size in bytes: near what OpenAI charges for an image at high detail. */
const tokensPerMedium = 765;

/** Reserved for an answer whose length the client leaves open. */
export const defaultAnswerTokens = 256;

export interface PromptSize {
  /** Bytes of all text in the request. */
  readonly textBytes: number;
  /** Images, sounds and files. */
  readonly media: number;
}

/** Tokens of a prompt before the provider has counted them; at least 1. */
export function estimateTokens({ textBytes, media }: PromptSize): number {
  return Math.max(1, Math.ceil(textBytes / bytesPerToken) + media * tokensPerMedium);
}
