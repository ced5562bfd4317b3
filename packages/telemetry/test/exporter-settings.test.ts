import { describe, expect, it } from 'vitest';
import { readTracingWish } from '../src/exporter-settings.ts';

const endpoint = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const tracesEndpoint = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const collector = 'http://collector:4318';

describe('readTracingWish', () => {
  it.each([
    ['nothing set', {}],
    ['only empty values', { [endpoint]: ' ', OTEL_TRACES_EXPORTER: '' }],
    ['exporter none', { OTEL_TRACES_EXPORTER: 'none', [endpoint]: collector }],
    ['SDK disabled', { OTEL_SDK_DISABLED: 'TRUE', [endpoint]: collector }],
    ['only a service name', { OTEL_SERVICE_NAME: 'mine' }],
    ['only an endpoint for metrics', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: collector }],
  ])('is off: %s', (_, env) => {
    expect(readTracingWish(env)).toEqual({ kind: 'off' });
  });

  it.each([
    ['an endpoint', { [endpoint]: collector }],
    ['an endpoint for traces', { [tracesEndpoint]: 'https://collector/v1/traces' }],
    ['one for traces, which overrides an invalid one for all', { [tracesEndpoint]: collector, [endpoint]: 'no' }],
    ['an exporter without endpoint: the standard one', { OTEL_TRACES_EXPORTER: 'otlp' }],
    ['the console', { OTEL_TRACES_EXPORTER: 'console', [endpoint]: 'no' }],
    ['gRPC, which needs no URL', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', [endpoint]: '10.0.0.1:4317' }],
  ])('is on: %s', (_, env) => {
    expect(readTracingWish(env)).toEqual({ kind: 'on' });
  });

  it.each([
    ['not a URL', endpoint, { [endpoint]: 'not a url' }],
    ['no scheme', endpoint, { [endpoint]: 'collector:4318' }],
    ['another scheme', tracesEndpoint, { [tracesEndpoint]: 'tcp://user:sk-canary@collector', [endpoint]: collector }],
    ['invalid beside an exporter', endpoint, { [endpoint]: 'http://', OTEL_TRACES_EXPORTER: 'console, otlp' }],
  ])('names the invalid variable without its value: %s', (_, name, env) => {
    expect(readTracingWish(env)).toEqual({
      kind: 'impossible',
      problem: `${name} must be a URL like http://collector:4318`,
    });
  });
});
