import { get } from 'node:http';

/**
 * Returns the status of a GET of a URL, on its own connection, which is then closed.
 * @throws the system's error when the connection fails, and an Error after one second without an answer.
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
