import type { Admission } from '@sluice/admission';
import { type ManagementServer, within } from '@sluice/lifecycle';
import type { OutboxWriter } from '@sluice/outbox';
import type { Submitter } from '@sluice/queue';
import type { Fleet, MailboxWriter, Roster } from '@sluice/relay';
import type { OpenExchanges } from './inference/exchange/open-exchanges.ts';
import type { Records } from './records/records.ts';
import type { ClientServer } from './server.ts';

export interface StopOptions {
  readonly graceMs: number;
  /** Part of it in which a replica in use still takes requests, because its load balancer has not noticed yet. */
  readonly noticeMs: number;
}

export interface DrainNeeds extends StopOptions {
  readonly links: DrainedLinks;
  readonly records: Pick<Records, 'close'>;
  readonly server: Omit<ClientServer, 'port'> | undefined;
  readonly management: Pick<ManagementServer, 'close'> | undefined;
  /** Longest time from the arrival of a request to the end of its answer. */
  readonly longestAnswerMs: number;
  /** Called with the monotonic time until which new requests on kept connections are served. */
  readonly onServesUntil: (at: number) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The links to Redis that a drain ends. */
export interface DrainedLinks {
  readonly exchanges: Pick<OpenExchanges, 'failAll' | 'allEnded'>;
  readonly admission: Pick<Admission, 'close'>;
  readonly fleet: Pick<Fleet, 'close' | 'disconnect'> & { readonly writer: Pick<MailboxWriter, 'flushed'> };
  readonly roster: Pick<Roster, 'close'>;
  readonly submitter: Pick<Submitter, 'close'>;
  readonly attempts: Pick<OutboxWriter<never>, 'flush' | 'close'> | undefined;
}

/** A replica counts as in use for this time after its last request. */
const inUseMs = 10_000;
/** Time limit of each step after the grace: error events, cancellations, releases. */
const lastWordsMs = 3000;

/** Lets the running requests finish, ends those that still run after the grace, and closes everything. */
export async function drain(needs: DrainNeeds): Promise<void> {
  const { links, records, server, management, graceMs, noticeMs, now } = needs;
  const { exchanges, admission, fleet, roster, submitter, attempts } = links;
  const endsAt = now() + graceMs;
  server?.endWithAnswers();
  if (server?.isBusy(inUseMs) === true) {
    const listensForMs = Math.min(noticeMs, graceMs / 2);
    await new Promise((resolve) => setTimeout(resolve, listensForMs));
  }
  // A load balancer without probes sees the refused connection and sends the request to another replica.
  server?.stopListening();
  // A client whose stream ends sends its next request, and each repetition of it, on the same connection: a refusal would
  // meet all of them. See docs/decisions/2026-11-30-next-requests-of-a-drain.md.
  needs.onServesUntil(endsAt - needs.longestAnswerMs);
  await within(server?.idle() ?? Promise.resolve(), endsAt - now());
  exchanges.failAll('draining');
  await within(exchanges.allEnded(), lastWordsMs);
  await admission.close(lastWordsMs);
  await within(Promise.all([fleet.writer.flushed(), attempts?.flush(lastWordsMs)]), lastWordsMs);
  attempts?.close();
  await within(server?.idle() ?? Promise.resolve(), lastWordsMs);
  server?.close();
  management?.close();
  await records.close(lastWordsMs);
  await within(Promise.all([fleet.close(), roster.close(), submitter.close()]), lastWordsMs);
  fleet.disconnect();
}
