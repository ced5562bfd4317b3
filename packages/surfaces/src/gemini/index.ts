export { createGeminiAnswer, type GeminiAnswer, toGeminiResponse } from './answer.ts';
export { toEmbeddings, toGeminiEmbeddings, type TranslatedEmbedding } from './embeddings.ts';
export { type GeminiError, toGeminiError } from './errors.ts';
export { type GeminiRequest, parseGeminiRequest } from './request-schema.ts';
export { type GeminiCall, toGeminiChat, toGeminiField, type TranslatedGeminiRequest } from './to-chat.ts';
