export type { CallListener } from './call-listener.ts';
export { type Call, createUpstreamClient, type UpstreamClient } from './client.ts';
export { createImageFetcher, type FetchedImage, type ImageFetcher, isPublicAddress } from './image-fetcher.ts';
export type { OutboundProxy, ProxyOf } from './network/proxy-connector.ts';
export type { PoolCount } from './pool-count.ts';
