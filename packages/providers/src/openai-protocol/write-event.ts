/** Writes one chunk as an event; JSON may have several lines, and each needs its own `data:`. */
export function writeEvent(data: string): string {
  return data.includes('\n') ? `data: ${data.replaceAll('\n', '\ndata: ')}\n\n` : `data: ${data}\n\n`;
}
