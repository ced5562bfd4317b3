import type { Peer } from '../peer-arguments.ts';
import type { Service } from '../setup.ts';
import { coldStartMs } from './cold-start.ts';
import { imageMegabytes } from './image-size.ts';

/** Sizes of a target, and the times of its starts. */
export interface Footprint {
  readonly target: string;
  /** Unpacked size by program, in megabytes. */
  readonly images: ReadonlyMap<string, number | undefined>;
  /** Median by program, in milliseconds. */
  readonly coldStarts: ReadonlyMap<string, number>;
}

/** Number of starts of each service. */
export const startsOfEach = 5;

/** Measures the services of the product, one after the other. */
export async function footprintOf(target: string, services: readonly Service[]): Promise<Footprint> {
  const images = new Map<string, number | undefined>();
  const coldStarts = new Map<string, number>();
  for (const service of services) {
    images.set(service.name, await imageMegabytes(service.image));
    coldStarts.set(service.name, await coldStartMs(service, startsOfEach));
  }
  return { target, images, coldStarts };
}

/** Measures what can be measured of a gateway that a person has started. */
export async function footprintOfPeer({ name, image }: Peer): Promise<Footprint> {
  const images = image === undefined ? [] : ([[image, await imageMegabytes(image)]] as const);
  return { target: name, images: new Map(images), coldStarts: new Map() };
}
