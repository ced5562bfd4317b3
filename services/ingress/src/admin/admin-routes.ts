import type { IngressConfig } from '@sluice/config';
import { Router } from 'express';
import { methodNotAllowed } from '../routes/not-found.ts';
import type { RecordsStore } from '../records/records-store.ts';
import { listAdminRequests, showAdminRequest } from './requests.ts';
import { showUpstreamUsage, showUsage } from './usage.ts';

export interface AdminNeeds {
  readonly config: Pick<IngressConfig, 'keys'>;
  readonly records: RecordsStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The pages for administrators, below `/admin`. They never go through admission. */
export function adminRoutes(needs: AdminNeeds): Router {
  const pages = [
    ['/requests', listAdminRequests(needs)],
    ['/requests/:id', showAdminRequest(needs)],
    ['/usage', showUsage(needs)],
    ['/usage/upstreams', showUpstreamUsage(needs)],
  ] as const;
  const router = Router();
  for (const [path, page] of pages) router.route(path).get(page).all(methodNotAllowed('GET'));
  return router;
}
