/** An answer as received bytes. */
export interface RawAnswer {
  /** Undefined until the head has arrived. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** HTTP chunks of a chunked body; otherwise the data of each read. */
  readonly pieces: readonly Buffer[];
  readonly body: Buffer;
  /** True if the body reached the end that HTTP defines: the last chunk, or the whole content-length. */
  readonly isComplete: boolean;
}

/** Parses an answer from its bytes as they arrive. */
export interface AnswerReader {
  readonly push: (bytes: Buffer) => void;
  readonly isComplete: () => boolean;
  readonly answer: () => RawAnswer;
}

/** @see AnswerReader */
export function createAnswerReader(): AnswerReader {
  const pieces: Buffer[] = [];
  let head: { status: number; headers: Record<string, string> } | undefined;
  let unread = Buffer.alloc(0);
  let isComplete = false;

  function readBody({ headers }: { headers: Record<string, string> }): void {
    const length = headers['content-length'];
    if (length === undefined) {
      readChunks();
      return;
    }
    if (unread.length > 0) pieces.push(unread);
    unread = Buffer.alloc(0);
    isComplete = pieces.reduce((sum, piece) => sum + piece.length, 0) >= Number(length);
  }

  function readChunks(): void {
    for (;;) {
      const start = unread.indexOf('\r\n') + 2;
      const size = Number.parseInt(unread.toString('latin1', 0, start), 16);
      if (start === 1 || unread.length < start + size + 2) return;
      if (size === 0) isComplete = true;
      else pieces.push(unread.subarray(start, start + size));
      unread = unread.subarray(start + size + 2);
    }
  }

  return {
    push(bytes) {
      unread = Buffer.concat([unread, bytes]);
      const headEnd = unread.indexOf('\r\n\r\n');
      if (!head && headEnd >= 0) {
        head = readHead(unread.toString('latin1', 0, headEnd));
        unread = unread.subarray(headEnd + 4);
      }
      if (head) readBody(head);
    },
    isComplete: () => isComplete,
    answer: () => ({
      status: head?.status,
      headers: head?.headers ?? {},
      pieces: [...pieces],
      body: Buffer.concat(pieces),
      isComplete,
    }),
  };
}

/** Returns the data of each event of a stream, unchanged. */
export function dataOf({ body }: RawAnswer): string[] {
  const lines = body.toString().split(/\r?\n/);
  return lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
}

/** Returns the text of a stream's content deltas. All of its events must be whole. */
export function contentOf(answer: RawAnswer): string {
  return dataOf(answer)
    .filter((data) => data !== '[DONE]')
    .map((data) => (JSON.parse(data) as Chunk).choices[0]?.delta.content ?? '')
    .join('');
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[];
}

function readHead(text: string): { status: number; headers: Record<string, string> } {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const fields = lines.map((line) => /^([^:]+): *(.*)$/.exec(line) ?? []);
  const headers = Object.fromEntries(fields.map(([, name = '', value = '']) => [name.toLowerCase(), value]));
  return { status: Number(statusLine.split(' ')[1]), headers };
}
