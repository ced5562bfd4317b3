/** Returns the id of a message: that of Anthropic's, or the chat answer's with another start. */
export function toMessageId(id: string | null | undefined, fallback: string): string {
  if (id == null || id === '') return `msg_${fallback}`;
  return id.startsWith('msg_') ? id : `msg_${id.replace(/^(?:chatcmpl|gen)-/, '')}`;
}
