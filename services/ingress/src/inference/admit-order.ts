import type { Admission } from '@sluice/admission';
import type { Config } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import { admissionWaitSpan, startSpanOf } from '@sluice/telemetry';
import type { Client } from '../context.ts';
import type { RequestAccounting } from './accounting/accounting.ts';
import { admit, type Admitted } from './admit.ts';
import type { Order } from './order.ts';
import { setRateHeaders } from './rate-headers.ts';

export interface AdmitOrderNeeds {
  readonly admission: Pick<Admission, 'acquire'>;
  readonly config: Pick<Config, 'limits'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Admits an order within the limits of its client's key and of the fleet. Waits for a lease if need be, and records the
 * wait.
 * @throws GatewayError as `admit` does
 */
export async function admitOrder(
  { admission, config, now }: AdmitOrderNeeds,
  { reservation }: Pick<Order, 'reservation'>,
  { response, requestId, signal, principal, observation }: Client,
  accounting?: RequestAccounting,
): Promise<Admitted> {
  const span = startSpanOf(admissionWaitSpan, { parent: observation.span });
  try {
    const admitted = await admit(admission, {
      requestId,
      principal,
      accounting,
      tokens: reservation.total,
      maxWaitMs: config.limits.maxQueueWaitMs,
      signal,
      now,
      onRates: (rates) => setRateHeaders(response, rates),
    });
    observation.admitted(admitted.waitedMs);
    return admitted;
  } catch (error) {
    if (error instanceof GatewayError) span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
