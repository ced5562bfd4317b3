import { get } from 'node:http';

/**
 * The status that a GET of a URL gets, on a connection of its own that is closed again.
 * @throws the system's error when there is no answer, and an Error after one second without any.
 */
export function httpStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer within 1000 ms`)));
    request.on('error', reject);
  });
}
