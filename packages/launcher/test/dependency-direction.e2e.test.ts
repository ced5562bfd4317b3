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

  it.each([
    ['files', "import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n"],
    ['the clock', 'export const planted = (): number => Date.now();\n'],
    ['random numbers', 'export const planted = (): number => Math.random();\n'],
    ['the environment', "export const planted = process.env['PATH'];\n"],
    ['timers', 'export const planted = setTimeout;\n'],
    ['the network', 'export const planted = fetch;\n'],
  ])('keeps pure packages from %s', (_what, text) => {
    plant('packages/policy', text);
    expect(run('oxlint', 'packages/policy')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/Pure packages/) as string,
    });
  });

  it.each(['packages/config', 'packages/compat', 'services/ingress'])(
    'forbids adapters of providers in %s, which the ingress loads, and allows their catalogue',
    (folder) => {
      plant(folder, "import { catalogue } from '@sluice/providers/catalogue';\nexport const planted = catalogue;\n");
      expect(run('oxlint', `${folder}/src/planted.ts`)).toMatchObject({ code: 0 });
      plant(folder, "import { providers } from '@sluice/providers';\nexport const planted = providers;\n");
      expect(run('oxlint', `${folder}/src/planted.ts`)).toMatchObject({
        code: 1,
        output: expect.stringMatching(/Adapters belong to the worker/) as string,
      });
    },
  );

  it('forbids adapters in the catalogue of providers', () => {
    const entry = join(copy, 'packages/providers/src/openai/entry.ts');
    writeFileSync(entry, `${readFileSync(entry, 'utf8')}import './index.ts';\n`);
    expect(run('oxlint', 'packages/providers/src/openai/entry.ts')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/An entry is data/) as string,
    });
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
