import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

/** A registry of images on loopback, for pods whose images are pulled each time. */
export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

const savedSchema = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()), Layers: z.array(z.string()) }),
);

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const configType = 'application/vnd.docker.container.image.v1+json';
const layerType = 'application/vnd.docker.image.rootfs.diff.tar';

interface Content {
  readonly type: string;
  readonly digest: string;
  readonly size: number;
  /** The content as a text; otherwise it is a file. */
  readonly text?: string;
  readonly file?: string;
}

/**
 * Serves the images of an archive that `docker save` has made, by the calls of the distribution API that a pull makes
 * (https://distribution.github.io/distribution/spec/api/).
 */
export async function startRegistry(folder: string, archive: string, port: number): Promise<Registry> {
  const contents = await readArchive(folder, archive);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://registry');
    const [, kind, reference] = /^\/v2\/(.+\/(?:manifests|blobs))\/([^/]+)$/.exec(pathname) ?? [];
    if (pathname === '/v2/') return void response.end('{}');
    const content = contents.get(`${kind}/${reference}`) ?? contents.get(reference ?? '');
    if (content === undefined) return void response.writeHead(404).end('{}');
    response.writeHead(200, {
      'content-type': content.type,
      'content-length': content.size,
      'docker-content-digest': content.digest,
    });
    if (request.method === 'HEAD') return void response.end();
    void send(content, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function send({ text, file }: Content, response: ServerResponse): Promise<void> {
  if (file === undefined) response.end(text);
  else await pipeline(createReadStream(file), response);
}

/** Reads the contents by digest, and manifests also by name and tag. */
async function readArchive(parent: string, archive: string): Promise<ReadonlyMap<string, Content>> {
  const folder = join(parent, 'registry');
  mkdirSync(folder);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  const contents = new Map<string, Content>();
  const saved = savedSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  for (const { Config, RepoTags, Layers } of saved) {
    const config = await fileContent(join(folder, Config), configType);
    const layers = await Promise.all(Layers.map((layer) => fileContent(join(folder, layer), layerType)));
    for (const content of [config, ...layers]) contents.set(content.digest, content);
    const named = ({ type, size, digest }: Content): object => ({ mediaType: type, size, digest });
    const manifest = { schemaVersion: 2, mediaType: manifestType, config: named(config), layers: layers.map(named) };
    const text = JSON.stringify(manifest);
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const content = { type: manifestType, digest, size: Buffer.byteLength(text), text };
    contents.set(digest, content);
    for (const tag of RepoTags) contents.set(tag.replace(/:([^:]+)$/, '/manifests/$1'), content);
  }
  return contents;
}

async function fileContent(file: string, type: string): Promise<Content> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { type, digest: `sha256:${hash.digest('hex')}`, size: statSync(file).size, file };
}
