import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const configuration = ['package.json', 'package-lock.json', 'turbo.json', 'tsconfig.base.json', '.oxlintrc.json'];

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'sluice-planted-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const file of configuration) cpSync(join(root, file), join(copy, file));
  for (const folder of ['packages', 'services']) {
    const filter = (path: string) => !/[/\\](?:node_modules|dist|test|\.turbo)$/.test(path);
    cpSync(join(root, folder), join(copy, folder), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

/** Adds a source file to a package, and the dependencies that it needs to compile. */
function plant(folder: string, text: string, dependencies: Readonly<Record<string, string>> = {}): void {
  mkdirSync(join(copy, folder, 'src'), { recursive: true });
  writeFileSync(join(copy, folder, 'src/planted.ts'), text);
  const manifestFile = join(copy, folder, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { dependencies?: object };
  const withDependencies = { ...manifest, dependencies: { ...manifest.dependencies, ...dependencies } };
  writeFileSync(manifestFile, JSON.stringify(withDependencies));
}

function run(tool: string, ...args: string[]): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', tool), args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  });
  return { code: status, output: stdout + stderr };
}

interface LintReport {
  readonly diagnostics: readonly { readonly filename: string; readonly message: string; readonly help?: string }[];
}

/** Lints files, expects a failure, and returns a function for the sorted names of those with a matching message. */
function lint(paths: readonly string[]): (message: RegExp) => readonly string[] {
  const { code, output } = run('oxlint', '--format=json', ...paths);
  expect(code).toBe(1);
  const { diagnostics } = JSON.parse(output) as LintReport;
  return (message) => {
    const found = diagnostics.filter((each) => message.test(`${each.message} ${each.help ?? ''}`));
    return [...new Set(found.map(({ filename }) => filename))].toSorted();
  };
}

describe('the direction of dependencies', () => {
  it('holds in this repository', () => {
    expect(run('turbo', 'boundaries')).toMatchObject({ code: 0 });
  });

  it.each([
    ['a pure package may not depend on one with I/O', 'packages/policy', '@sluice/redis'],
    ['an I/O package may not depend on a service', 'packages/relay', '@sluice/worker'],
    ['one I/O package may not depend on another', 'packages/relay', '@sluice/queue'],
    ['one service may not depend on the other', 'services/ingress', '@sluice/worker'],
    ['a package that drives the product from outside may not depend on it', 'packages/testkit', '@sluice/protocol'],
  ])('is enforced: %s', (_what, folder, dependency) => {
    plant(folder, `import '${dependency}';\n`, { [dependency]: '0.1.0' });
    const { code, output } = run('turbo', 'boundaries');
    expect(code).not.toBe(0);
    expect(output.replace(/[\s|]/g, '')).toContain(dependency);
  });

  it('is enforced for packages that a manifest does not name', () => {
    plant('packages/policy', "import '@sluice/relay';\n");
    expect(run('turbo', 'boundaries').code).not.toBe(0);
  });

  // One run for each group: the linter takes a second to read the types, and reports all files at once.
  it('keeps pure packages from files, the clock, random numbers, the environment, timers and the network', () => {
    const planted = {
      files: "import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n",
      clock: 'export const planted = (): number => Date.now();\n',
      random: 'export const planted = (): number => Math.random();\n',
      environment: "export const planted = process.env['PATH'];\n",
      timers: 'export const planted = setTimeout;\n',
      network: 'export const planted = fetch;\n',
    };
    const paths = Object.entries(planted).map(([name, text]) => {
      const path = `packages/policy/src/planted-${name}.ts`;
      writeFileSync(join(copy, path), text);
      return path;
    });
    expect(lint(paths)(/Pure packages/)).toEqual(paths.toSorted());
  });

  it('forbids adapters of providers in what the ingress loads, and allows their catalogue', () => {
    const folders = ['packages/config', 'packages/compat', 'services/ingress'];
    const [allowed, forbidden] = ['catalogue', 'adapters'].map((name) =>
      folders.map((folder) => `${folder}/src/planted-${name}.ts`),
    );
    for (const path of allowed ?? []) {
      const text = "import { catalogue } from '@sluice/providers/catalogue';\nexport const planted = catalogue;\n";
      writeFileSync(join(copy, path), text);
    }
    for (const path of forbidden ?? []) {
      const text = "import { providers } from '@sluice/providers';\nexport const planted = providers;\n";
      writeFileSync(join(copy, path), text);
    }
    const entry = 'packages/providers/src/openai/entry.ts';
    writeFileSync(join(copy, entry), `${readFileSync(join(copy, entry), 'utf8')}import './index.ts';\n`);
    const linted = [...(allowed ?? []), ...(forbidden ?? []), entry];
    const filesWith = lint(linted);
    expect(filesWith(/Adapters belong to the worker/)).toEqual(forbidden?.toSorted());
    expect(filesWith(/An entry is data/)).toEqual([entry]);
    for (const path of allowed ?? []) expect(filesWith(/./)).not.toContain(path);
  });

  it('forbids the database on the way of a request', () => {
    const text = "import { connectStore } from '@sluice/store';\nexport const planted = connectStore;\n";
    const [allowed, forbidden] = [
      ['recorder/planted', 'admin/planted', 'keys/planted', 'conversations/planted'],
      ['planted', 'inference/planted', 'middleware/planted', 'routes/planted'],
    ].map((names) => names.map((name) => `services/ingress/src/${name}.ts`));
    for (const path of [...(allowed ?? []), ...(forbidden ?? [])]) {
      mkdirSync(join(copy, path, '..'), { recursive: true });
      writeFileSync(join(copy, path), text);
    }
    const filesWith = lint([...(allowed ?? []), ...(forbidden ?? [])]);
    expect(filesWith(/No request may wait for the database/)).toEqual(forbidden?.toSorted());
    for (const path of allowed ?? []) expect(filesWith(/./)).not.toContain(path);
    plant('services/worker', text, { '@sluice/store': '0.1.0' });
    expect(lint(['services/worker/src/planted.ts'])(/No request may wait for the database/)).toHaveLength(1);
  });

  it('forbids circular imports', () => {
    plant('packages/policy', "import './planted-too.ts';\nexport const planted = 1;\n");
    writeFileSync(join(copy, 'packages/policy/src/planted-too.ts'), "import './planted.ts';\n");
    expect(run('oxlint', 'packages/policy')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/cycle/i) as string,
    });
  });
});
