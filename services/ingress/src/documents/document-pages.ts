import { randomBytes } from 'node:crypto';
import { GatewayError } from '@sluice/protocol';
import { type RequestHandler, type Response, Router } from 'express';
import { openAssets, type Assets } from './assets.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import { createOpenApi } from './openapi.ts';

/** Serves the document and the pages that show it, to everybody: they hold nothing of an operator's. */
export function documentPages(version: string): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const getOnly = methodNotAllowed('GET');
  const openApi = sendOpenApi(version);
  for (const path of ['/openapi.json', '/v1/openapi.json']) router.route(path).get(openApi).all(getOnly);
  let opening: Promise<Assets> | undefined;
  const assets = (): Promise<Assets> =>
    (opening ??= openAssets().catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
  for (const { path, ...parts } of pages) router.route(path).get(sendPage(assets, parts)).all(getOnly);
  router.route('/docs/assets/:version/:file').get(sendAsset(assets)).all(getOnly);
  return router;
}

function sendOpenApi(version: string): RequestHandler {
  const document = createOpenApi(version);
  return (request, response) => {
    const { json, etag } = document();
    response.setHeader('etag', etag);
    response.setHeader('cache-control', 'no-cache');
    if (request.get('if-none-match') === etag) return void response.status(304).end();
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(json);
  };
}

interface PageParts {
  readonly path: string;
  readonly title: string;
  readonly style?: string;
  readonly script: string;
  /** The script that starts the other one. */
  readonly start: string;
}

const pages: readonly PageParts[] = [
  { path: '/docs', title: 'API', style: 'swagger-ui.css', script: 'swagger-ui-bundle.js', start: 'show-docs.js' },
  { path: '/redoc', title: 'API reference', script: 'redoc.standalone.js', start: 'show-redoc.js' },
];

/** All paths are relative, so that a proxy may serve the gateway below a path of its own. */
function sendPage(
  assets: () => Promise<Assets>,
  { title, style, script, start }: Omit<PageParts, 'path'>,
): RequestHandler {
  return async (_request, response) => {
    const { version } = await assets();
    const nonce = randomBytes(16).toString('base64');
    const place = `docs/assets/${version}`;
    const styles = ['page.css', ...(style === undefined ? [] : [style])];
    setPageHeaders(response, nonce);
    response.end(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice: ${title}</title>
<link rel="icon" href="data:,">
${styles.map((file) => `<link rel="stylesheet" href="${place}/${file}">`).join('\n')}
</head>
<body>
<div id="page"></div>
<script src="${place}/${script}" nonce="${nonce}"></script>
<script src="${place}/${start}" data-document="openapi.json" nonce="${nonce}"></script>
</body>
</html>
`);
  };
}

/**
 * Nothing comes from another host and no script is inline. Swagger UI sets styles by script alone, which needs no right;
 * Redoc makes style elements, which carry the nonce.
 */
const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

function setPageHeaders(response: Response, nonce: string): void {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('content-security-policy', policyOf(nonce));
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
}

function sendAsset(assets: () => Promise<Assets>): RequestHandler {
  return async (request, response) => {
    const { version, read } = await assets();
    const { version: asked, file = '' } = request.params;
    const asset = asked === version && typeof file === 'string' ? await read(file) : undefined;
    if (asset === undefined) throw new GatewayError('unknown_url');
    response.setHeader('content-type', asset.contentType);
    response.setHeader('cache-control', 'public, max-age=31536000, immutable');
    response.setHeader('x-content-type-options', 'nosniff');
    response.vary('accept-encoding');
    const takesGzip = request.acceptsEncodings('gzip') === 'gzip';
    if (takesGzip) response.setHeader('content-encoding', 'gzip');
    const body = takesGzip ? asset.gzipped : asset.plain;
    response.setHeader('content-length', body.length);
    response.end(body);
  };
}
