import type { UpstreamRequest } from '@sluice/protocol';

/** Requests the list of models that a provider serves. */
export interface ModelLister {
  /**
   * Builds the request for a page.
   *
   * @param next undefined for the first page, otherwise the `next` of the previous page
   */
  toUpstream(plan: ListPlan, next: string | undefined): UpstreamRequest;
  /** Returns undefined if the text is not a list. */
  read(text: string): ModelPage | undefined;
}

/** Address and key for the request. */
export interface ListPlan {
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
  /** API key or access token; absent if the provider needs none. */
  readonly apiKey: string | undefined;
  /** Start of the call, in ms since 1970. */
  readonly startedAtMs: number;
}

export interface ModelPage {
  /** Names in the form of a target's `model`. */
  readonly names: readonly string[];
  /** Token of the next page; undefined on the last page. */
  readonly next?: string | undefined;
}

/** Builds a GET request without a body. */
export const pageRequest = (url: string, headers: Readonly<Record<string, string>>): UpstreamRequest => ({
  method: 'GET',
  url,
  headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'sluice', ...headers },
  body: undefined,
});
