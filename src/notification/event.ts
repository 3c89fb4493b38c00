/** A decoded and normalised notification. */
export interface Event {
  /**
   * The identity by commercetools' data, the same on every delivery: `customer/<id>@<version>` for a change,
   * `customer/<id>#<sequenceNumber>` for a Message, else `<kind>/<its id>` or the Pub/Sub message id.
   */
  readonly identity: string;
  /** `ResourceCreated`, `ResourceUpdated`, `ResourceDeleted`, `Message`, `Event`, or a future kind. */
  readonly kind: string;
  /** The type of a Message or an Event, such as `CustomerEmailChanged`. */
  readonly type?: string;
  readonly projectKey?: string;
  readonly resource?: Resource;
  /** The resource's version after the change. Versions only grow, and may skip numbers. */
  readonly version?: number;
  /** When commercetools made the change, ISO 8601. */
  readonly occurredAt?: string;
  /** True for ResourceDeleted and for the corresponding Message: `CustomerDeleted`, but not `CustomerAddressDeleted`. */
  readonly deletion: boolean;
}

export interface Resource {
  /** As commercetools names types: `customer`, `order`, … */
  readonly typeId: string;
  /** Letters, digits, `-` and `_` only: it becomes part of a query predicate. */
  readonly id: string;
  readonly identifiers: {
    readonly key?: string;
    readonly externalId?: string;
    readonly customerNumber?: string;
  };
}

/** A delivered notification: its payload, and the sender's data about the delivery. */
export interface Delivery {
  readonly messageId?: string;
  /** When it was published, ISO 8601. */
  readonly publishTime?: string;
  readonly subscription?: string;
  /** Starts at 1; Pub/Sub sends it only where the subscription has a dead-letter policy. */
  readonly attempt?: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** The unchanged bytes of the notification, which a dead letter contains. */
  readonly data: Buffer;
}

/** A delivery taken out of its push; `parsed` is the payload where opening the push has already parsed it. */
export type OpenedDelivery = Delivery & { readonly parsed?: unknown };
