export { createFleetReader, createUpstreamReporter, type FleetReader, type UpstreamReporter } from './fleet-reports.ts';
export { createInbox, type DropReason, type Inbox, type Subscriber, type Subscription } from './inbox.ts';
export { type Fleet, type FleetMetrics, joinFleet } from './join-fleet.ts';
export type { Liveness } from './liveness.ts';
export type { MailboxWriter } from './mailbox-writer.ts';
export {
  createModelListReader,
  createModelListWriter,
  type ModelListReader,
  type ModelListWriter,
} from './model-lists.ts';
export { type CountingPublisher, createPublisher, type Publisher } from './publisher.ts';
export type { Origin } from './read-entries.ts';
export { createEnrolment, createRoster, type Enrolment, type Roster } from './roster.ts';
