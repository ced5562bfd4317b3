import { type ClientMatrix, describeClients } from './client-matrix.ts';

const can: ClientMatrix['can'] = {
  tools: true,
  reasoning: true,
  images: ({ url }) => ({ type: 'image_url', image_url: { url } }),
};

describeClients([
  {
    name: 'openai',
    upstream: (simulatorUrl) => ({
      type: 'openai',
      base_url: `${simulatorUrl}/v1`,
      credentials: [{ id: 'a', api_key: 'tok-openai-a' }],
    }),
    can,
  },

  {
    name: 'azure',
    upstream: (simulatorUrl) => ({
      type: 'azure',
      base_url: simulatorUrl,
      credentials: [{ id: 'a', api_key: 'tok-azure-a' }],
    }),
    can,
  },

  {
    name: 'anthropic',
    upstream: (simulatorUrl) => ({
      type: 'anthropic',
      base_url: `${simulatorUrl}/v1`,
      credentials: [{ id: 'a', api_key: 'tok-anthropic-a' }],
    }),
    can: {
      tools: true,
      reasoning: true,
      images: ({ mediaType, base64 }) => ({
        type: 'image',
        source: { type: 'base64', media_type: mediaType, data: base64 },
      }),
    },
    errors: [
      ['e400', 400, 'BadRequestError'],
      ['ctxlen', 400, 'BadRequestError'],
      ['e413', 400, 'BadRequestError'],
      ['e404', 404, 'NotFoundError'],
      ['e429-rms5', 429, 'RateLimitError'],
      ['e529', 502, 'InternalServerError'],
    ],
  },
]);
