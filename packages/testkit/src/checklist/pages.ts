import type { CarriedRows } from './carried-rows.ts';
import { type Proof, type Row, type RowState, rowStates, type Seed } from './row.ts';

const command = 'npm run generate -w @sluice/testkit';

const intro = `# What the five gateways promised

Sluice replaces five gateways. This page has every promise of their READMEs, with its state and with what shows it. A
promise counts as kept when its line in the README, run word for word, does what the README says.

This page is made from \`packages/testkit/checklist\` and from the rows that tests carry: \`${command}\`.`;

/** Returns the page of all promises. */
export function seedsPage(seeds: readonly Seed[], carried: CarriedRows): string {
  const parts = seeds.map((seed) =>
    [`## ${seed.profile}`, `${seed.title}: ${countsInWords(seed)}.`, rowList(seed, carried)].join('\n\n'),
  );
  return [intro, countsTable(seeds, ''), ...parts].join('\n\n').concat('\n');
}

const opening = `<!-- seeds: made by ${command} -->`;
const closing = '<!-- /seeds -->';

/**
 * Puts the table of counts into the README, between its marks.
 * @throws Error when the marks are not there
 */
export function readmeWithSeeds(readme: string, seeds: readonly Seed[]): string {
  const from = readme.indexOf(opening);
  const to = readme.indexOf(closing);
  if (from === -1 || to < from)
    throw new Error(`README.md must have the lines ${opening} and ${closing}, in that order.`);
  return `${readme.slice(0, from)}${opening}\n\n${countsTable(seeds, 'docs/seeds.md')}\n\n${readme.slice(to)}`;
}

/** Returns a table with a row per gateway and one for all. Its links lead to the sections of `page`. */
function countsTable(seeds: readonly Seed[], page: string): string {
  const counts = seeds.map(countStates);
  const head = [
    '`SLUICE_COMPAT`',
    'Promises',
    ...rowStates.map((state) => `${state[0]?.toUpperCase()}${state.slice(1)}`),
  ];
  const cellsOf = (count: Counts): string[] => rowStates.map((state) => String(count[state]));
  const rows = seeds.map(({ profile, rows }, at) => [
    `[\`${profile}\`](${page}#${profile})`,
    String(rows.length),
    ...cellsOf(counts[at] ?? noCounts),
  ]);
  const all = counts.reduce((sum, count) => {
    const entries = rowStates.map((state) => [state, sum[state] + count[state]] as const);
    return Object.fromEntries(entries) as Counts;
  }, noCounts);
  return table(head, [...rows, ['all', String(seeds.flatMap((seed) => seed.rows).length), ...cellsOf(all)]]);
}

type Counts = Readonly<Record<RowState, number>>;
const noCounts: Counts = { works: 0, partly: 0, missing: 0, 'not applicable': 0 };

function countStates({ rows }: Seed): Counts {
  const counts = { ...noCounts };
  for (const { state } of rows) counts[state] += 1;
  return counts;
}

function countsInWords(seed: Seed): string {
  const counts = countStates(seed);
  const named = rowStates
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${state === 'works' ? 'work' : state}`);
  return `${seed.rows.length} promises, of which ${named.join(', ')}`;
}

const rowList = ({ rows }: Seed, carried: CarriedRows): string =>
  rows.map((row) => `- **${row.id}** ${describeRow(row, carried.get(row.id) ?? [])}`).join('\n');

function describeRow(row: Row, tests: readonly string[]): string {
  const shown = [...tests.map(fileLink), ...(row.shownBy ?? []).map(describeProof)];
  const proofs = shown.length === 0 ? '' : ` _Shown by_ ${shown.join(', ')}.`;
  return `${row.promise} ${stateInWords(row)}${proofs}`;
}

function stateInWords(row: Row): string {
  switch (row.state) {
    case 'works':
      return '**Works.**';
    case 'partly':
      return `**Partly**${row.issue === undefined ? '' : `, until issue ${row.issue}`}: ${row.lacks}${shownInWords(row)}`;
    case 'missing':
      return `**Missing**, until issue ${row.issue}: ${row.lacks}${shownInWords(row)}`;
    case 'not applicable':
      return `**Not applicable**: ${row.because}`;
  }
}

const shownInWords = ({ testsShow }: { readonly testsShow?: string | undefined }): string =>
  testsShow === undefined ? '' : ` The tests show ${testsShow}.`;

const describeProof = (proof: Proof): string => ('command' in proof ? `\`${proof.command}\`` : fileLink(proof.file));

/** Returns a link to a file, relative to docs/. */
function fileLink(file: string): string {
  const label = file
    .split('/')
    .slice(-2)
    .join('/')
    .replace(/^(?:test|docs)\//, '');
  return `[${label}](${file.startsWith('docs/') ? file.slice('docs/'.length) : `../${file}`})`;
}

/** Returns a table with padded columns, as the formatter of this repository writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], filler: string): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width, filler)).join(' | ')} |`;
  return [line(head, ' '), line([], '-'), ...rows.map((row) => line(row, ' '))].join('\n');
}
