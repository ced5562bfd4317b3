import { columns } from './adapters.ts';
import { chat } from './chat.ts';
import { completions } from './completions.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini.ts';
import { judge, type Verdict } from './judge.ts';
import { messages } from './messages.ts';
import { nameOf } from './probe.ts';
import { responses } from './responses.ts';

export const dialects: readonly Dialect[] = [chat, messages, responses, gemini, completions];

export const pageFile = new URL('../../../../docs/dropped-fields.md', import.meta.url);

const words: Readonly<Record<Verdict, string>> = {
  carried: 'same',
  mapped: 'mapped',
  refused: '400',
  optional: '400*',
  listed: 'listed',
  unsent: '–',
  lost: 'LOST',
};

/** Returns the text of docs/dropped-fields.md. */
export function pageText(): string {
  return `# Fields and upstreams

What becomes of each field of a request, at each type of upstream. \`npm run generate -w @sluice/surfaces\` writes this page: it sends every
field, with a valid value, through the translation of its API and through the adapter of the upstream, and compares what the upstream gets
with and without the field. A test fails if a field is lost without a word.

- **same**: the upstream gets the field under its name. An upstream that speaks the client's own protocol gets the whole request as it is.
- **mapped**: the upstream gets it in another form.
- **400**: the request is refused, and the error names the field.
- **400\\***: the same; with [\`drop_unsupported\`](configuration.md#upstreams) the request is sent without the field, and
  \`x-sluice-dropped\` names it.
- **listed**: the request is sent without the field, and the header \`x-sluice-dropped\` names it. If another upstream that speaks the client's
  protocol may answer, a field with 400 can be listed too.
- **–**: the field needs no upstream; the reason is below the table.

The adapters have their default options. \`openai\` is OpenAI itself, \`openai, other servers\` any server with its protocol.

${dialects.map(sectionOf).join('\n\n')}
`;
}

function sectionOf(dialect: Dialect): string {
  const rows = dialect.probes.map((probe) => [
    code(nameOf(probe)),
    ...columns.map((column) => words[judge(dialect, column, probe)]),
  ]);
  const reasons = Object.entries(dialect.unsent).map(([name, reason]) => `- ${code(name)}: ${reason}.`);
  return `## ${dialect.title}\n\n${tableOf([['Field', ...columns.map(({ title }) => title)], ...rows])}\n\n${reasons.join('\n')}`;
}

/** Marks the field in a name such as `tools: custom` as code. */
function code(name: string): string {
  const [, field = name, rest = ''] = /^([\w.]+)(.*)$/.exec(name) ?? [];
  return `\`${field}\`${rest}`;
}

/** Pads the cells, so that the source is a table too. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_cell, at) => Math.max(3, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
