/** A line of the routing table: which events go to which handler. */
export interface Route {
  /** As in `commercetools.connect.customer.upsert`. */
  readonly name: string;
  /** As commercetools names types: `customer`. */
  readonly resourceType: string;
  /** The notification types and Message types that it wants; absent means all. */
  readonly filter?: ReadonlySet<string>;
  readonly handlerName: string;
}
