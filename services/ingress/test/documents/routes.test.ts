import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRoutes } from '../../src/app.ts';
import { routes } from '../../src/documents/routes.ts';
import { appNeeds } from '../app-needs.ts';

/** A layer of one of express's routers, as far as it leads to routes. */
const layerSchema = z.object({
  route: z.object({ path: z.string(), stack: z.array(z.object({ method: z.string().optional() })) }).optional(),
  handle: z.unknown(),
  match: z.custom<(path: string) => unknown>((value) => typeof value === 'function'),
});

/** Returns the routes of a router, as `POST /v1/chat/completions`, those of nested routers included. */
function routesOf(router: unknown, mount = ''): readonly string[] {
  const stack: unknown = typeof router === 'function' ? Reflect.get(router, 'stack') : undefined;
  return Array.isArray(stack) ? stack.flatMap((layer: unknown) => routesIn(layer, mount)) : [];
}

function routesIn(layer: unknown, mount: string): readonly string[] {
  const { route, handle, match } = layerSchema.parse(layer);
  if (route !== undefined) {
    const methods = new Set(route.stack.flatMap(({ method }) => method ?? []));
    return [...methods].map((method) => `${method.toUpperCase()} ${mount}${templateOf(route.path)}`);
  }
  const isAt = (place: string): boolean => Boolean(Reflect.apply(match, layer, [`${place}/any`]));
  return routesOf(handle, mount + (isAt('') ? '' : (placesIn(mount).find(isAt) ?? '/undescribed')));
}

/** Returns the beginnings of all described paths below a mount, the shortest first: express does not tell its mounts. */
function placesIn(mount: string): readonly string[] {
  const paths = routes.flatMap(({ path }) => [path, path.replace(/^\/v1\//, '/')]);
  const below = paths.flatMap((path) => (path.startsWith(`${mount}/`) ? path.slice(mount.length) : []));
  const places = below.flatMap((path) =>
    path.split('/').map((_step, count) =>
      path
        .split('/')
        .slice(0, count + 2)
        .join('/'),
    ),
  );
  return [...new Set(places)].toSorted((one, other) => one.length - other.length);
}

/** Writes express's `:name` and `*name` as the document writes a parameter. */
const templateOf = (path: string): string => path.replaceAll(/[:*](\w+)/g, '{$1}');

const found = (server: Parameters<typeof appNeeds>[0] = {}): readonly string[] =>
  routesOf(createRoutes(appNeeds(server)).app.router);

const described = routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
/** A path below `/v1` that also exists without it is described once. */
const withoutVersion = described.map((route) => route.replace(' /v1/', ' /'));

describe('the routes of the application', () => {
  it('are all described', () => {
    expect(found()).toContain('POST /v1/chat/completions');
    expect(found()).toContain('GET /docs/assets/{version}/{file}');
    expect(found().filter((route) => ![...described, ...withoutVersion].includes(route))).toEqual([]);
  });

  it('are all that is described', () => {
    const here = found();
    expect(described.filter((route) => !here.includes(route))).toEqual([]);
  });

  it('that are served directly are among them', () => {
    const { handlers } = createRoutes(appNeeds());
    expect([...handlers.keys()].filter((path) => !found().includes(`POST ${path}`))).toEqual([]);
  });

  it('leave out the documents if the operator wants that', () => {
    expect(found({ docs: false }).filter((route) => /docs|redoc|openapi/.test(route))).toEqual([]);
  });
});
