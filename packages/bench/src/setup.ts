import { z } from 'zod';

const service = z.object({
  name: z.string(),
  file: z.string(),
  args: z.array(z.string()),
  /** Variables that differ from this process's own. */
  env: z.record(z.string(), z.string()),
  /** Answers with 200 when the service is ready. */
  readyUrl: z.string(),
  image: z.string(),
});

/** A further replica of one of the product's services, which the bench may start. */
export type Service = z.infer<typeof service>;

const setup = z.object({
  /** The simulator, as in `http://127.0.0.1:9900/v1`. */
  upstreamUrl: z.string(),
  upstreamPid: z.number(),
  gateway: z.object({ url: z.string(), apiKey: z.string(), pids: z.array(z.number()) }),
  services: z.array(service),
});

/** Facts about the product that runs. */
export type Setup = z.infer<typeof setup>;

/** Reads BENCH_SETUP, in which the launcher describes the product that it has started. */
export const readSetup = (text: string | undefined): Setup => setup.parse(JSON.parse(text ?? 'null'));
