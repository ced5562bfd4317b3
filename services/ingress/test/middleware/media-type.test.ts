import { describe, expect, it } from 'vitest';
import { requireJson } from '../../src/middleware/media-type.ts';

const check = (type: string | undefined, isKeyed: boolean): void =>
  requireJson({ headers: type === undefined ? {} : { 'content-type': type } }, isKeyed);

describe('the type of a body', () => {
  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/json;charset="UTF8"',
    'application/vnd.openai+json',
    'application/json; boundary=x',
  ])('may be %s', (type) => {
    for (const isKeyed of [true, false]) expect(() => check(type, isKeyed)).not.toThrow();
  });

  it.each([undefined, 'application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=latin1'])(
    'may be %s only with a key: a web page can send it to any server',
    (type) => {
      expect(() => check(type, true)).not.toThrow();
      expect(() => check(type, false)).toThrow(expect.objectContaining({ status: 415 }) as Error);
    },
  );

  it.each(['text/plain', 'multipart/form-data', 'application/jsonp', 'json', ''])('may not be %j', (type) => {
    expect(() => check(type, true)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type', status: 415 }) as Error,
    );
  });

  it('is named in the error, with the wanted one', () => {
    expect(() => check('text/plain', true)).toThrow(
      'The request body must be JSON: send "content-type: application/json" instead of "text/plain".',
    );
    expect(() => check(undefined, false)).toThrow(
      'The request body must be JSON: send "content-type: application/json".',
    );
  });

  it('has no other character set than UTF-8', () => {
    expect(() => check('application/json; charset=latin1', true)).toThrow(
      'The request body must be UTF-8, not "latin1".',
    );
  });

  it('is cut in the error: it may be long', () => {
    expect(() => check(`text/${'x'.repeat(500)}`, true)).toThrow(/^.{0,160}$/);
  });
});
