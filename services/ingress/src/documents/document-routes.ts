import { z } from 'zod';
import type { RouteDescription } from './route-description.ts';

const page = (mediaType: string, example: string) => ({ description: 'The page.', texts: [{ mediaType, example }] });

/** This document and the pages that show it. They exist unless `server.docs` is off. */
export const documentRoutes: readonly RouteDescription[] = [
  {
    method: 'get',
    path: '/v1/openapi.json',
    id: 'getOpenApi',
    tag: 'documents',
    summary: 'This document',
    access: 'none',
    answers: {
      200: {
        description: 'An OpenAPI 3.1 document.',
        json: { name: 'OpenApi', schema: z.looseObject({ openapi: z.string() }) },
      },
      304: { description: 'Not changed since the version that `if-none-match` names.' },
    },
    errors: [],
  },
  {
    method: 'get',
    path: '/docs',
    id: 'showDocs',
    tag: 'documents',
    summary: 'Swagger UI',
    description: 'Works without internet.',
    access: 'none',
    answers: { 200: page('text/html', '<!doctype html>') },
    errors: [],
  },
  {
    method: 'get',
    path: '/redoc',
    id: 'showRedoc',
    tag: 'documents',
    summary: 'Redoc',
    description: 'Works without internet.',
    access: 'none',
    answers: { 200: page('text/html', '<!doctype html>') },
    errors: [],
  },
  {
    method: 'get',
    path: '/docs/assets/{version}/{file}',
    id: 'getDocsAsset',
    tag: 'documents',
    summary: 'A script or style sheet of these pages',
    access: 'none',
    parameters: [
      { name: 'version', in: 'path', description: 'Changes with the files.', schema: z.string() },
      { name: 'file', in: 'path', description: 'Name of the file.', schema: z.string() },
    ],
    answers: { 200: page('text/javascript', '') },
    errors: ['unknown_url'],
  },
];
