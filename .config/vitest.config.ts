import { defineConfig } from 'vitest/config';

const conditions = ['@sluice/source'];
const exclude = ['**/node_modules/**', '**/dist/**'];
/** A failed test prints the promises of the checklist that it breaks. */
const setupFiles = ['packages/testkit/src/checklist/explain-failures.ts'];
/** For test files that start processes: a file ends what it started, or fails. */
const startingFiles = [...setupFiles, 'packages/testkit/src/endings/leave-nothing.ts'];
const hurting = {
  exclude,
  setupFiles: startingFiles,
  globalSetup: ['packages/testkit/src/global-redis.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/**
 * End-to-end and Redis tests whose bounds are some 100 ms, or that compare durations. They run after all others, two at a
 * time, since six files at once would stretch what they measure.
 */
const timing = [
  'packages/admission/test/fairness.redis.test.ts',
  'packages/e2e/test/budget.e2e.test.ts',
  'packages/e2e/test/cancel.e2e.test.ts',
  'packages/e2e/test/cluster.e2e.test.ts',
  'packages/e2e/test/cold-start.e2e.test.ts',
  'packages/e2e/test/death.e2e.test.ts',
  'packages/e2e/test/limits.e2e.test.ts',
  'packages/e2e/test/memory.e2e.test.ts',
  'packages/e2e/test/metrics.e2e.test.ts',
  'packages/e2e/test/rest-budget.e2e.test.ts',
  'packages/e2e/test/sdk.e2e.test.ts',
  'packages/launcher/test/postgres/own-server.e2e.test.ts',
];
/** For files that wait for processes and clocks most of the time: more of them run at once than the machine has cores. */
const waiting = { maxWorkers: 4, sequence: { groupOrder: 3 } };

/**
 * Ten projects. `unit` touches nothing outside its process, `redis` uses a real Redis, `postgres` a real PostgreSQL and
 * Redis, `e2e` real processes; `timing` has those files that measure durations. `npm run test:faults` runs `faults`, which hurts the processes, and `load`,
 * which wears them out; both take minutes. `npm run soak` runs `soak`, which takes half an hour. `npm run test:agents` runs `agents`, coding agents of
 * others that it installs. `npm run test:deploy` runs
 * `deploy`, which proves images, compose file and chart with the real tools; not every machine has them.
 */
export default defineConfig({
  test: {
    // Of the tests' own processes. `npm run coverage` adds those that they start.
    coverage: {
      provider: 'v8',
      include: ['{packages,services}/*/src/**/*.{ts,mjs}'],
      // They are tools for measuring and testing the product.
      exclude: ['packages/{bench,deploy-tests,simulator,testkit}/**'],
      reporter: ['text-summary', 'html', 'json'],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
    },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          setupFiles,
          // They leave nothing behind, and loading the modules anew for each file takes longer than the tests.
          isolate: false,
          // The default leaves a core unused: one worker on two cores.
          maxWorkers: '100%',
          // Properties with hundreds of runs take some 5 s while the machine does other things.
          testTimeout: 30_000,
          provide: { isMeasuringCoverage: process.argv.some((argument) => argument.startsWith('--coverage')) },
          include: ['{packages,services}/*/test/**/*.test.ts'],
          exclude: [...exclude, '**/*.{redis,postgres,e2e,faults,load,soak,agents,deploy}.test.ts'],
        },
      },
      {
        ...shared,
        test: {
          name: 'redis',
          setupFiles: startingFiles,
          include: ['{packages,services}/*/test/**/*.redis.test.ts'],
          exclude: [...exclude, ...timing],
          ...waiting,
          globalSetup: ['packages/testkit/src/global-redis.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'postgres',
          setupFiles: startingFiles,
          include: ['{packages,services}/*/test/**/*.postgres.test.ts'],
          exclude,
          ...waiting,
          globalSetup: ['packages/testkit/src/global-redis.ts', 'packages/testkit/src/global-postgres.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          setupFiles: startingFiles,
          include: ['{packages,services}/*/test/**/*.e2e.test.ts'],
          exclude: [...exclude, ...timing],
          ...waiting,
          globalSetup: ['packages/testkit/src/global-redis.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'timing',
          setupFiles: startingFiles,
          include: timing,
          exclude,
          globalSetup: ['packages/testkit/src/global-redis.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          ...hurting,
          name: 'faults',
          include: ['packages/e2e/test/faults/*.faults.test.ts'],
          // Their bounds are some seconds: four at once on two cores stretched a gap beyond its 4 s.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          ...hurting,
          name: 'load',
          include: ['packages/e2e/test/faults/*.load.test.ts'],
          // They need the whole machine.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          ...hurting,
          name: 'soak',
          include: ['packages/e2e/test/faults/*.soak.test.ts'],
        },
      },
      {
        ...shared,
        test: {
          ...hurting,
          name: 'agents',
          include: ['packages/e2e/test/agents/*.agents.test.ts'],
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'deploy',
          setupFiles: startingFiles,
          include: ['packages/deploy-tests/test/**/*.deploy.test.ts'],
          exclude,
          // Each builds images or starts a cluster, and measures what needs the whole machine.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
