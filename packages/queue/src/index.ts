export { type Consumer, createConsumer } from './consumer.ts';
export { type Claim, claim } from './record.ts';
export { createSubmitter, type Submitter } from './submitter.ts';
