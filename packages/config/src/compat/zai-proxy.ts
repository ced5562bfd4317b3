import { z } from 'zod';
import { defineProfile } from './profile.ts';
import { patientTimeouts } from './time-outs.ts';
import { clientKey, secret, trueOrFalse } from './variable-types.ts';
import { modelsAt, warningsAbout, zaiWebUpstream } from './zai-web.ts';

/** The Go proxy for Z.ai. Its retry policy is our default one. */
export const zaiProxy = defineProfile({
  variables: z.object({
    UPSTREAM_TOKEN: secret().optional(),
    API_KEY: clientKey().optional(),
    DEBUG_MODE: trueOrFalse().default(false),
    ANON_TOKEN_ENABLED: trueOrFalse().default(true),
  }),
  toSettings({ UPSTREAM_TOKEN, API_KEY, DEBUG_MODE, ANON_TOKEN_ENABLED }, { hasSecretKey }) {
    const access = { token: UPSTREAM_TOKEN, mayBeAnonymous: ANON_TOKEN_ENABLED, hasSecretKey };
    return {
      settings: {
        server: { port: 8080 },
        ...(API_KEY === undefined ? {} : { keys: [{ name: 'API_KEY', key: API_KEY }] }),
        upstreams: [zaiWebUpstream({ baseUrl: 'https://chat.z.ai', ...access })],
        models: modelsAt('zai-web', ['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search', 'glm-4.5-air', 'glm-4.5v']),
        timeouts: patientTimeouts,
        ...(DEBUG_MODE ? { log: { level: 'debug' } } : {}),
      },
      warnings: warningsAbout(access),
    };
  },
});
