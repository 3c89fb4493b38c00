import type { Traces } from './span.ts';

/** Sends traces to an OpenTelemetry collector at `endpoint`, by OTLP over HTTP. Loads the SDK, which takes 100 ms. */
export async function openTraces(endpoint: string): Promise<Traces> {
  const { openTelemetry } = await import('./open-telemetry.ts');
  return openTelemetry(endpoint);
}
