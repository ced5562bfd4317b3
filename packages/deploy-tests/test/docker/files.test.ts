import { existsSync, globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { inRepository, readRepositoryFile } from '../../src/index.ts';
import { readNodeFlags } from '../node-flags.ts';

const service = z.object({
  image: z.string(),
  build: z.object({ target: z.string() }).optional(),
  pull_policy: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.union([z.string(), z.object({ source: z.string() })])).default([]),
  ports: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
});
const composeText = readRepositoryFile('docker-compose.yml');
const { services } = z.object({ services: z.record(z.string(), service) }).parse(parse(composeText, { merge: true }));
const dockerfile = readRepositoryFile('deploy/docker/Dockerfile');
const manifest = z
  .object({ version: z.string(), devDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readRepositoryFile('package.json')));

/** The variables that Sluice reads. */
const settings = Array.from(readRepositoryFile('.env.example').matchAll(/^# ([A-Z_]+)=/gm), ([, name = '']) => name);
/** The variables that only the compose file reads; docs/deploy/docker.md explains them. */
const ofCompose = ['USER_ID', 'GROUP_ID', 'REDIS_MAXMEMORY', 'GRAFANA_PORT', 'DOCKER_CONTAINERS'];

const valueOf = (argument: string): string | undefined =>
  new RegExp(`^ARG ${argument}=(.*)$`, 'm').exec(dockerfile)?.[1];

describe('the Dockerfile', () => {
  it('has the versions of the repository', () => {
    expect(valueOf('NODE_VERSION')).toBe(manifest.devDependencies['node']);
    expect(valueOf('TURBO_VERSION')).toBe(manifest.devDependencies['turbo']);
    expect(valueOf('VERSION')).toBe(manifest.version);
  });

  it('builds the image for a trial if no target is named', () => {
    expect(Array.from(dockerfile.matchAll(/^FROM .* AS (\S+)$/gm), ([, stage]) => stage).at(-1)).toBe('all');
  });

  it('needs no front end from a registry before the build begins', () => {
    expect(dockerfile).not.toMatch(/^# *syntax=/m);
  });

  it('contains no flag of Node: one file has them all', () => {
    for (const flag of readNodeFlags()) expect(dockerfile + composeText).not.toContain(flag.replace(/=.*/, ''));
  });

  it('gives every image a user other than root, labels, a health check and an entry point without a shell', () => {
    for (const target of ['ingress', 'worker', 'simulator', 'all']) {
      const [, stage = ''] =
        new RegExp(`^FROM runtime AS ${target}\n([^]*?)(?=^FROM |(?![^]))`, 'm').exec(dockerfile) ?? [];
      expect(Array.from(stage.matchAll(/^USER (.*)$/gm), ([, user]) => user).at(-1) ?? '1000:1000').toBe('1000:1000');
      expect(stage).toMatch(/^HEALTHCHECK .* CMD \["node", /m);
      expect(stage).toMatch(/^ENTRYPOINT \["[^"]+"/m);
      expect(stage).toContain('org.opencontainers.image.title');
    }
  });
});

/** Returns the folders of its own package that a source file names by their paths. */
function foldersIn(file: string): readonly string[] {
  const home = file.split('/').slice(0, 2).join('/');
  return Array.from(readRepositoryFile(file).matchAll(/new URL\('(\.\.\/[^']*)'/g), ([, path = '']) =>
    relative(home, join(dirname(file), path)),
  ).flatMap((path) => path.match(/^[\w-]+(?=\/|$)/)?.[0] ?? []);
}

describe('the images', () => {
  it('have every folder beside `src` that the packages read at run time', () => {
    const [, list = ''] = /^const parts = \[(.*)\];$/m.exec(readRepositoryFile('deploy/docker/collect.mjs')) ?? [];
    const read = ['packages', 'services'].flatMap((parent) =>
      globSync('*/src/**/*.ts', { cwd: inRepository(parent) }).flatMap((file) => foldersIn(join(parent, file))),
    );
    // The tests' own, and what the build alone reads.
    const ours = new Set(['checklist', 'dist', 'pages', 'src']);
    const folders = [...new Set(read)].filter((name) => !ours.has(name));
    expect(folders.toSorted()).toEqual(expect.arrayContaining(['lua', 'migrations']));
    for (const name of folders) expect(list).toContain(`'${name}'`);
  });
});

describe('docs/operations.md', () => {
  it('builds all images of a demo on Kubernetes, with the tag that the chart asks for', () => {
    const [, lines = ''] = /^## Images$[^]*?^```sh\n([^]*?)^```$/m.exec(readRepositoryFile('docs/operations.md')) ?? [];
    const [, named = ''] = /^for image in (.*); do$/m.exec(lines) ?? [];
    const appVersion = /^appVersion: '(.*)'$/m.exec(readRepositoryFile('deploy/helm/sluice/Chart.yaml'))?.[1];
    expect(named.split(' ')).toEqual(['ingress', 'worker', 'simulator']);
    for (const target of named.split(' ')) expect(dockerfile).toContain(`\nFROM runtime AS ${target}\n`);
    expect(lines).toContain(
      `docker build -f deploy/docker/Dockerfile --target $image -t $REGISTRY/sluice/$image:${appVersion} .`,
    );
    expect(lines).toContain(`docker push $REGISTRY/sluice/$image:${appVersion}`);
  });
});

describe('docker-compose.yml', () => {
  it('builds existing targets, with the name of this version', () => {
    for (const { build, image, pull_policy } of Object.values(services)) {
      // Another owner may publish an image of this name at a registry.
      expect(pull_policy).toBe(build === undefined ? undefined : 'never');
      if (build === undefined) continue;
      expect(dockerfile).toMatch(new RegExp(`^FROM runtime AS ${build.target}$`, 'm'));
      expect(image).toBe(`sluice/${build.target}:${manifest.version}`);
    }
  });

  it('gives the services only variables that Sluice reads', () => {
    for (const name of ['ingress', 'worker', 'setup', 'migrate']) {
      for (const variable of Object.keys(services[name]?.environment ?? {})) expect(settings).toContain(variable);
    }
  });

  it('reads no other variables than the settings, and a few that the docs explain', () => {
    const asked = Array.from(composeText.matchAll(/\$\{([A-Z_]+)/g), ([, name = '']) => name);
    const page = readRepositoryFile('docs/deploy/docker.md');
    for (const name of new Set(asked)) {
      expect([...settings, ...ofCompose]).toContain(name);
      expect(page).toContain(`\`${name}\``);
    }
  });

  it('mounts existing files', () => {
    const sources = Object.values(services)
      .flatMap(({ volumes }) => volumes)
      .map((volume) => (typeof volume === 'string' ? volume.split(':')[0] : volume.source) ?? '')
      .map((source) => source.replace(/^\$\{[A-Z_]+:-(.*)\}$/, '$1'))
      .filter((source) => source.startsWith('./'));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) expect(existsSync(inRepository(source)), source).toBe(true);
  });

  it('publishes its ports on this machine alone', () => {
    const ports = Object.values(services).flatMap(({ ports }) => ports);
    expect(ports).toEqual(['${HOST:-127.0.0.1}:${PORT:-8080}:8080', '127.0.0.1:${GRAFANA_PORT:-3000}:3000']);
  });

  it('runs the observability services only with their profile, and all others without one', () => {
    const observing = Object.entries(services).filter(([, { profiles }]) => profiles.includes('observability'));
    expect(observing.map(([name]) => name).toSorted()).toEqual([
      'collector',
      'grafana',
      'logs',
      'loki',
      'prometheus',
      'tempo',
    ]);
    for (const name of ['load-balancer', 'ingress', 'worker', 'redis', 'postgres', 'migrate', 'simulator', 'setup']) {
      expect(services[name]?.profiles).toEqual([]);
    }
  });

  it('keeps Redis, the database and providers apart: only workers reach the providers', () => {
    const on = (network: string): string[] =>
      Object.keys(services).filter((name) => services[name]?.networks.includes(network));
    expect(on('providers')).toEqual(['worker']);
    expect(on('inside')).toEqual(['ingress', 'worker', 'redis', 'postgres', 'migrate', 'simulator']);
  });
});

describe('the users of Redis', () => {
  const usersOf = (text: string): Record<string, string> =>
    Object.fromEntries(
      Array.from(
        text.matchAll(/^user (sluice-\w+) ([^]*?)\n(?=\n|user |```|(?![^]))/gm),
        ([, name = '', rules = '']) => [name, rules.trim()],
      ),
    );

  it('are those of SECURITY.md, with which another test runs the services', () => {
    // Clients send their name and version to Redis 7.2 and later.
    const users = usersOf(readRepositoryFile('deploy/compose/users.acl').replaceAll(' +client|setinfo', ''));
    expect(Object.keys(users)).toEqual(['sluice-ingress', 'sluice-worker', 'sluice-admin']);
    expect(users).toEqual(usersOf(readRepositoryFile('SECURITY.md')));
  });

  it('are complete: without a password a client can only check whether Redis answers', () => {
    const text = readRepositoryFile('deploy/compose/users.acl');
    // Off, but with all rights: Redis reads its append-only file as this user after a restart.
    expect(text).toContain('\nuser default off resetpass ~* &* +@all\n');
    expect(text).toMatch(/user health on nopass resetchannels\n  -@all \+ping\n/);
  });
});
