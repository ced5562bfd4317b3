export { type Consumer, createConsumer } from './consumer.ts';
export { type Claim, type ClaimRun, createClaim, createForget, type Forget } from './record.ts';
export { createSubmitter, type Submission, type Submitter, type TakeBack } from './submitter.ts';
export { createJobSeal, type JobSeal } from './job-seal.ts';
