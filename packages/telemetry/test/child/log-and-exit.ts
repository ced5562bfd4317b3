import { createLogger } from '../../src/logger.ts';

/** Writes lines and ends in the way that its argument names. */
const logger = createLogger({ service: 'child', level: 'info', pretty: false });
for (let count = 0; count < 2000; count++) logger.info({ count }, 'line');
switch (process.argv[2]) {
  case 'exit':
    process.exit(0);
    break;
  case 'throw':
    throw new Error('thrown on purpose');
  case 'fatal':
    logger.fatal('last');
    break;
  default:
}
