import { describeClients } from './client-matrix.ts';

const credentials = (name: string): object => ({ credentials: [{ id: 'a', api_key: `tok-${name}-a` }] });

describeClients([
  {
    name: 'gemini',
    upstream: (simulatorUrl) => ({ type: 'gemini', base_url: `${simulatorUrl}/v1beta`, ...credentials('gemini') }),
    fields: { reasoning_effort: 'low' },
    can: {
      tools: true,
      reasoning: true,
      images: ({ mediaType, base64 }) => ({ inlineData: { mimeType: mediaType, data: base64 } }),
    },
  },

  {
    name: 'coze',
    upstream: (simulatorUrl) => ({ type: 'coze', base_url: simulatorUrl, ...credentials('coze') }),
    model: (directives) => `bot-7300000000000000001-${directives}`,
    // Coze takes images by URL only: see coze.e2e.test.ts.
    can: { reasoning: true },
  },

  {
    name: 'bailian',
    upstream: (simulatorUrl) => ({
      type: 'bailian',
      base_url: simulatorUrl,
      options: { thoughts: true },
      ...credentials('bailian'),
    }),
    model: (directives) => `app-${directives}`,
    can: { reasoning: true },
  },

  {
    name: 'zai',
    upstream: (simulatorUrl) => ({ type: 'zai', base_url: `${simulatorUrl}/api/paas/v4`, ...credentials('zai') }),
    model: (directives) => `glm-4.5v-${directives}`,
    fields: { reasoning_effort: 'high' },
    can: { tools: true, reasoning: true, images: ({ url }) => ({ type: 'image_url', image_url: { url } }) },
  },

  {
    name: 'zai-web',
    upstream: (simulatorUrl) => ({
      type: 'zai-web',
      base_url: simulatorUrl,
      options: { signing_variant: 'v2', signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%' },
      ...credentials('zai-web'),
    }),
    fields: { reasoning_effort: 'high' },
    can: { reasoning: true },
  },

  {
    name: 'ollama',
    upstream: (simulatorUrl) => ({ type: 'ollama', base_url: simulatorUrl, ...credentials('ollama') }),
    fields: { reasoning_effort: 'low' },
    can: { tools: true, reasoning: true, images: ({ base64 }) => ({ images: [base64] }) },
  },

  {
    name: 'iflow',
    upstream: (simulatorUrl) => ({ type: 'iflow', base_url: `${simulatorUrl}/iflow/v1`, ...credentials('iflow') }),
    model: (directives) => `glm-4.7-${directives}`,
    can: { tools: true, reasoning: true, images: ({ url }) => ({ type: 'image_url', image_url: { url } }) },
  },
]);
