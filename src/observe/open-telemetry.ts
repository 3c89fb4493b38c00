import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  type Span as OpenTelemetrySpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { timeOut } from '../time-out.ts';
import type { Span, Traces } from './span.ts';

const NAME = 'customer-sync';
const FLUSH_MILLISECONDS = 2_000;
/** For all attempts of one export; after that its spans are dropped. */
const EXPORT_MILLISECONDS = 3_000;
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/;

/**
 * Sends traces by OpenTelemetry's SDK, which only this file uses. It sets nothing globally, so it exports no other
 * library's spans.
 */
export function openTelemetry(endpoint: string): Traces {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    timeoutMillis: EXPORT_MILLISECONDS,
  });
  const provider = new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override our attributes.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': NAME }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer(NAME);
  return {
    push(headers, elapsed) {
      const options = { kind: SpanKind.SERVER, startTime: Date.now() - elapsed };
      return wrap(tracer, tracer.startSpan('push', options, parentOf(headers)));
    },
    async close() {
      await timeOut(
        provider.shutdown().catch(() => {}),
        FLUSH_MILLISECONDS,
        () => undefined,
      );
    },
  };
}

const originals = new WeakMap<Span, OpenTelemetrySpan>();

function wrap(tracer: Tracer, original: OpenTelemetrySpan): Span {
  const span: Span = {
    child: (name) =>
      wrap(
        tracer,
        tracer.startSpan(
          name,
          { kind: KINDS[name] ?? SpanKind.INTERNAL },
          trace.setSpan(ROOT_CONTEXT, original),
        ),
      ),
    end(attributes = {}, failed = false) {
      if (!original.isRecording()) return;
      original.setAttributes({ ...attributes });
      if (failed) original.setStatus({ code: SpanStatusCode.ERROR });
      original.end();
    },
    link(other) {
      const linked = originals.get(other);
      if (linked) original.addLink({ context: linked.spanContext() });
    },
  };
  originals.set(span, original);
  return span;
}

const KINDS: Readonly<Record<string, SpanKind>> = {
  read: SpanKind.CLIENT,
  check: SpanKind.CLIENT,
  'look-up': SpanKind.CLIENT,
  write: SpanKind.CLIENT,
  other: SpanKind.CLIENT,
};

function parentOf({ traceparent }: IncomingHttpHeaders): Context {
  const [, traceId, spanId, flags] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
