import type { IncomingMessage } from 'node:http';

const largestBytes = 64 * 1024 * 1024;

/**
 * Reads a whole request body.
 * @returns the body, or undefined if it exceeds 64 MB.
 * @throws if the peer closes first.
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
