/** The first of 100 ports on loopback that the tests of a cluster take. `DEPLOY_TESTS_PORT` moves them. */
export const firstPort = (): number => Number(process.env['DEPLOY_TESTS_PORT'] || '23100');
