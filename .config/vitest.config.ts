import { defineConfig } from 'vitest/config';

const conditions = ['@sluice/source'];
const exclude = ['**/node_modules/**', '**/dist/**'];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/**
 * Four projects: `unit` touches nothing outside its process, `redis` a real Redis, `e2e` real processes, and `faults`
 * hurts them. The last takes minutes and runs only when it is asked for: `npm run test:faults`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['{packages,services}/*/test/**/*.test.ts'],
          exclude: [...exclude, '**/*.{redis,e2e,faults}.test.ts'],
        },
      },
      {
        ...shared,
        test: {
          name: 'redis',
          include: ['{packages,services}/*/test/**/*.redis.test.ts'],
          exclude,
          globalSetup: ['packages/testkit/src/global-redis.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['{packages,services}/*/test/**/*.e2e.test.ts'],
          exclude,
          globalSetup: ['packages/testkit/src/global-redis.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'faults',
          include: ['services/*/test/faults/*.faults.test.ts'],
          exclude,
          globalSetup: ['packages/testkit/src/global-redis.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
