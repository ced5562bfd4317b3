import type { IncomingMessage } from 'node:http';

const largestBytes = 64 * 1024 * 1024;

/**
 * Reads a request body to its end.
 * @returns the body, or undefined when it is over 64 MB.
 * @throws when the peer goes away first.
 */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= largestBytes) chunks.push(chunk);
    });
    request.on('end', () => resolve(bytes <= largestBytes ? Buffer.concat(chunks).toString() : undefined));
    request.on('error', reject);
  });
}
