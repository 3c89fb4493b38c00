/** A route of the configuration, before its handler is known. */
export interface RouteConfig {
  readonly name: string;
  readonly handlerName: string;
  /** As commercetools names types: `customer`. */
  readonly resourceType: string;
  /** Notification types and Message types; absent means all. */
  readonly filter?: readonly string[];
  /** All props but `name` and `inclusion-filter`, before the handler's schema has checked them. */
  readonly props: Readonly<Record<string, unknown>>;
  /** `file:line:column` of the value at a path inside the props, or of the nearest thing around it. */
  locate(path: readonly (string | number)[]): string;
  /** True where the value at a path inside the props came from the environment, and may be a secret. */
  isFromEnvironment(path: readonly (string | number)[]): boolean;
}
