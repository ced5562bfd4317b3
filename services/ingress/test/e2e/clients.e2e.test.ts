import { type ClientMatrix, describeClients } from './client-matrix.ts';

const can: ClientMatrix['can'] = {
  tools: true,
  reasoning: true,
  images: ({ url }) => ({ type: 'image_url', image_url: { url } }),
};

describeClients({
  name: 'openai',
  upstream: (simulatorUrl) => ({
    type: 'openai',
    base_url: `${simulatorUrl}/v1`,
    credentials: [{ id: 'a', api_key: 'tok-openai-a' }],
  }),
  can,
});

describeClients({
  name: 'azure',
  upstream: (simulatorUrl) => ({
    type: 'azure',
    base_url: simulatorUrl,
    credentials: [{ id: 'a', api_key: 'tok-azure-a' }],
  }),
  can,
});
