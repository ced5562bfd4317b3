/** OpenAI's rule of thumb for English; other scripts get too large a reservation, which the usage corrects. */
const bytesPerToken = 4;
/** Tokens per image, sound or file of any size: close to OpenAI's charge for an image at high detail. */
const tokensPerMedium = 765;

/** Tokens reserved for an answer without a length limit from the client. */
export const defaultAnswerTokens = 256;

export interface PromptSize {
  /** Bytes of all text in the request. */
  readonly textBytes: number;
  /** Number of images, sounds and files. */
  readonly media: number;
}

/** Estimates a prompt's tokens before the provider counts them; at least 1. */
export function estimateTokens({ textBytes, media }: PromptSize): number {
  return Math.max(1, Math.ceil(textBytes / bytesPerToken) + media * tokensPerMedium);
}
