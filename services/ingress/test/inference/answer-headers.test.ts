import { describe, expect, it } from 'vitest';
import { setAnswerHeaders, setShapeHeaders } from '../../src/inference/answer-headers.ts';
import { fakeResponse } from '../fake-response.ts';

const answered = { upstream: 'u', model: 'm', attempts: 2 };

describe('the headers of a changed request', () => {
  it.each([
    ['nothing is changed', { stream: true, droppedMessages: 0, maxContinuations: 0 }, {}],
    [
      'messages are left out',
      { stream: false, droppedMessages: 4, maxContinuations: 0 },
      { 'x-sluice-compressed-messages': 4 },
    ],
    [
      'a stream may be extended',
      { stream: true, droppedMessages: 0, maxContinuations: 3 },
      { 'x-sluice-auto-continue': 3 },
    ],
    ['a whole answer may be extended', { stream: false, droppedMessages: 0, maxContinuations: 3 }, {}],
  ])('where %s', (_what, shape, expected) => {
    const { response, headers } = fakeResponse();
    setShapeHeaders(response, shape);
    expect(headers).toEqual(expected);
  });
});

describe('the headers of an answer', () => {
  it.each([
    ['before an attempt was reported', { stream: true, answered: undefined, maxContinuations: 2 }, {}],
    [
      'of one target',
      { stream: true, answered, maxContinuations: 2 },
      { 'x-sluice-upstream': 'u', 'x-sluice-attempts': 2 },
    ],
    [
      'that is whole, and was extended',
      { stream: false, answered: { ...answered, continuations: 1 }, maxContinuations: 2 },
      { 'x-sluice-upstream': 'u', 'x-sluice-attempts': 2, 'x-sluice-continuations': 1 },
    ],
    [
      'that is whole, and might have been extended',
      { stream: false, answered, maxContinuations: 2 },
      { 'x-sluice-upstream': 'u', 'x-sluice-attempts': 2, 'x-sluice-continuations': 0 },
    ],
    [
      'that is whole, with its cost',
      { stream: false, answered, end: { costMicros: 20_000_070 }, maxContinuations: 0 },
      { 'x-sluice-upstream': 'u', 'x-sluice-attempts': 2, 'x-sluice-cost-usd': '20.000070' },
    ],
    [
      'that is whole and free',
      { stream: false, answered, end: {}, maxContinuations: 0 },
      { 'x-sluice-upstream': 'u', 'x-sluice-attempts': 2, 'x-sluice-cost-usd': '0.000000' },
    ],
    [
      'that is a stream: its cost is unknown yet',
      { stream: true, answered, end: { costMicros: 7 }, maxContinuations: 0 },
      { 'x-sluice-upstream': 'u', 'x-sluice-attempts': 2 },
    ],
  ])('%s', (_what, facts, expected) => {
    const { response, headers } = fakeResponse();
    setAnswerHeaders(response, { end: undefined, ...facts, elapsedMs: 12.6 });
    expect(headers).toEqual({ 'openai-processing-ms': 13, ...expected });
  });
});

describe('the header with the fields that an upstream did not get', () => {
  const native = {};
  it.each([
    ['the upstream gets a translated request', { answered, native: undefined }, 'a, b'],
    ['no attempt was reported, and every target gets a translated request', { answered: undefined }, 'a, b'],
    ['another target than the native one answers', { answered, native }, 'a, b'],
    [
      'the worker tells further ones',
      { answered: { ...answered, dropped: ['user', 'b', 'ü'] }, fieldName: (name: string) => `x.${name}` },
      'a, b, x.user, x.b',
    ],
    ["the upstream gets the client's own request", { answered: { ...answered, native: true }, native }, undefined],
    ['no attempt was reported', { answered: undefined, native }, undefined],
  ])('where %s', (_what, facts, expected) => {
    const { response, headers } = fakeResponse();
    const droppedFields = ['a', 'b'];
    setAnswerHeaders(response, {
      stream: true,
      elapsedMs: 1,
      end: undefined,
      maxContinuations: 0,
      droppedFields,
      ...facts,
    });
    expect(Reflect.get(headers, 'x-sluice-dropped')).toBe(expected);
  });

  it('lists the hints that the target did not get, by the names of the client', () => {
    const { headers, response } = fakeResponse();
    setAnswerHeaders(response, {
      stream: true,
      elapsedMs: 1,
      maxContinuations: 0,
      droppedFields: ['metadata'],
      fieldName: (name) => `text.${name}`,
      answered: { upstream: 'u', model: 'm', attempts: 1, dropped: ['verbosity'] },
      end: undefined,
    });
    expect(Reflect.get(headers, 'x-sluice-dropped')).toBe('metadata, text.verbosity');
  });
});

describe('the header of dropped fields', () => {
  const droppedIn = (droppedFields: readonly string[]): unknown => {
    const { response, headers } = fakeResponse();
    setAnswerHeaders(response, {
      stream: true,
      elapsedMs: 1,
      maxContinuations: 0,
      end: undefined,
      answered: undefined,
      droppedFields,
    });
    return headers['x-sluice-dropped'];
  };

  it('stays short, however many fields a client invents', () => {
    const header = String(droppedIn(Array.from({ length: 20_000 }, (_, at) => `field_${at}`)));
    expect(header.length).toBeLessThan(4500);
    expect(header).toMatch(/^field_0, .*, field_39, \.\.\.$/);
  });

  it('has no names that a header can not carry', () => {
    expect(droppedIn(['a\r\nset-cookie: x', 'é', 'b', 'x'.repeat(5000)])).toBe('b');
  });
});
