import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan } from './adapter.ts';

/** Asks a provider which models it serves. */
export interface ModelLister {
  /**
   * The question for a page.
   *
   * @param next undefined for the first page, else what the page before said
   */
  toUpstream(plan: ListPlan, next: string | undefined): UpstreamRequest;
  /** Undefined for a text that is no list. */
  read(text: string): ModelPage | undefined;
}

/** Address and key of the question. */
export type ListPlan = Pick<CallPlan, 'baseUrl' | 'apiKey' | 'startedAtMs'>;

export interface ModelPage {
  /** As a target's `model` would say them. */
  readonly names: readonly string[];
  /** Token of the next page; undefined on the last one. */
  readonly next?: string | undefined;
}

/** A question without a body. */
export const pageRequest = (url: string, headers: Readonly<Record<string, string>>): UpstreamRequest => ({
  method: 'GET',
  url,
  headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'sluice', ...headers },
  body: undefined,
});
