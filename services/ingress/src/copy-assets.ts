import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/*
 * Part of the build: puts the files of `/docs` and `/redoc` into `dist/assets`, compressed, so that the pages work without
 * internet and the packages are not needed at run time. Their licences come with them.
 */

const swaggerUi = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
const redoc = dirname(fileURLToPath(import.meta.resolve('redoc/package.json')));
const own = fileURLToPath(new URL('../pages/', import.meta.url));
const to = fileURLToPath(new URL('assets/', import.meta.url));

interface Source {
  readonly path: string;
  readonly contentType: string;
  readonly change?: (text: string) => string;
}

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';
const text = 'text/plain; charset=utf-8';

/** Redoc shows its maker's logo from another host. */
const foreignLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const nothing = 'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E';

/** Redoc makes a style element while its script loads, before its option `nonce` is known. */
const nonceOfStyles = 'var t=n.nc;';
const nonceOfScript = 'var t=n.nc||document.currentScript?.nonce;';

function forOurPage(code: string): string {
  for (const part of [foreignLogo, nonceOfStyles]) {
    if (!code.includes(part)) throw new Error(`this version of redoc has no ${part}: look what is there instead`);
  }
  return code.replaceAll(foreignLogo, nothing).replaceAll(nonceOfStyles, nonceOfScript);
}

/** A map of sources is not copied, so a browser must not ask for one. */
const withoutMap = (code: string): string => code.replace(/\n?(?:\/\/|\/\*)# sourceMappingURL=\S+(?: \*\/)?\s*$/, '\n');

const sources: Readonly<Record<string, Source>> = {
  'swagger-ui-bundle.js': { path: join(swaggerUi, 'swagger-ui-bundle.js'), contentType: script },
  'swagger-ui.css': { path: join(swaggerUi, 'swagger-ui.css'), contentType: style },
  'swagger-ui.LICENSE.txt': { path: join(swaggerUi, 'LICENSE'), contentType: text },
  'swagger-ui.NOTICE.txt': { path: join(swaggerUi, 'NOTICE'), contentType: text },
  'swagger-ui-bundle.js.LICENSE.txt': {
    path: join(swaggerUi, 'swagger-ui-bundle.js.LICENSE.txt'),
    contentType: text,
  },
  'redoc.standalone.js': {
    path: join(redoc, 'bundles/redoc.standalone.js'),
    contentType: script,
    change: forOurPage,
  },
  'redoc.LICENSE.txt': { path: join(redoc, 'LICENSE'), contentType: text },
  'redoc.standalone.js.LICENSE.txt': {
    path: join(redoc, 'bundles/redoc.standalone.js.LICENSE.txt'),
    contentType: text,
  },
  'show-docs.js': { path: join(own, 'show-docs.js'), contentType: script },
  'show-redoc.js': { path: join(own, 'show-redoc.js'), contentType: script },
  'page.css': { path: join(own, 'page.css'), contentType: style },
};

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
const version = createHash('sha256');
for (const [name, { path, change = (code: string) => code }] of Object.entries(sources)) {
  const content = change(withoutMap(readFileSync(path, 'utf8')));
  version.update(name).update(content);
  writeFileSync(join(to, `${name}.gz`), gzipSync(content, { level: 9 }));
}
const files = Object.fromEntries(Object.entries(sources).map(([name, { contentType }]) => [name, contentType]));
const list = { version: version.digest('hex').slice(0, 12), files };
writeFileSync(join(to, 'files.json'), JSON.stringify(list));
