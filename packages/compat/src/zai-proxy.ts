import { z } from 'zod';
import { accessOf, accessVariables } from './access.ts';
import { defineProfile } from './profile.ts';
import { patientTimeouts } from './time-outs.ts';
import { clientKey, trueOrFalse } from './variable-types.ts';
import { zaiNames, zaiRouting, zaiVariables, zaiWarnings } from './zai-web.ts';

const models = ['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search', 'glm-4.5-air', 'glm-4.5v'];

/** The Go proxy for Z.ai. Its retry policy is Sluice's default. */
export const zaiProxy = defineProfile({
  variables: z.object({
    ...zaiVariables,
    API_KEY: clientKey().optional(),
    DEBUG_MODE: trueOrFalse().default(false),
    ...accessVariables,
  }),
  toSettings(values, { hasSecretKey }) {
    const { API_KEY, DEBUG_MODE } = values;
    const routing = zaiRouting(
      values,
      hasSecretKey,
      models.map((id) => ({ id })),
    );
    if ('problems' in routing) return routing;
    return {
      settings: {
        ...accessOf(values, { port: 8080, clientKey: { name: 'API_KEY', key: API_KEY } }),
        ...routing,
        timeouts: patientTimeouts,
        ...(DEBUG_MODE ? { log: { level: 'debug' } } : {}),
      },
      warnings: zaiWarnings(values, hasSecretKey),
      names: { ...zaiNames, clientKey: 'API_KEY' },
    };
  },
});
