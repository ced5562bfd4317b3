import { isRedisUnavailable } from '@sluice/redis';

const tryAgainAfterMs = 100;

/**
 * Runs `act`, with retries while Redis is away.
 * @throws the error of `act` if it is another error or Redis stays away for `limitMs`
 */
export async function whileAway<Result>(limitMs: number, act: () => Promise<Result>): Promise<Result> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isRedisUnavailable(error) || performance.now() > endsAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, tryAgainAfterMs));
    }
  }
}
