/** The first of 100 ports on loopback for the tests of a cluster. `DEPLOY_TESTS_PORT` changes it. */
export const firstPort = (): number => Number(process.env['DEPLOY_TESTS_PORT'] || '23100');
