import { z } from 'zod';

const ProjectKey = z.string().regex(/^[A-Za-z0-9_-]{1,256}$/);
const WellFormed = z.string().refine((text) => text.isWellFormed(), 'expected well-formed Unicode');
const PositiveInteger = z.int().positive();
const Time = z.iso.datetime({ offset: true }).optional().catch(undefined);
// Becomes part of an identity, which is logged, so a value that does not look like an id is ignored.
const OwnId = z
  .string()
  .regex(/^[\w.:-]{1,128}$/)
  .optional()
  .catch(undefined);
// Kinds and types are logged, so a value that is not a word is not passed on.
const Word = /^[A-Za-z][\w.-]{0,99}$/;
/** The kind or type of a notification, or `unknown` if it is not a word. */
export const wordOf = (text: string): string => (Word.test(text) ? text : 'unknown');
/**
 * The resource that a notification is about. The id becomes part of a query predicate, so only the characters of an id
 * are allowed.
 */
export const Reference = z.object({
  typeId: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
});
/** The merchant's own identifiers of the resource. */
export const Identifiers = z.object({
  key: WellFormed.nullish(),
  externalId: WellFormed.nullish(),
  customerNumber: WellFormed.nullish(),
});

/** https://docs.commercetools.com/api/projects/subscriptions#resourcecreated-notification and its siblings */
export const Change = z.object({
  projectKey: ProjectKey.nullish(),
  resource: Reference,
  resourceUserProvidedIdentifiers: Identifiers.nullish(),
  version: PositiveInteger,
  modifiedAt: Time,
});

/** https://docs.commercetools.com/api/projects/subscriptions#message-notification */
export const Message = z.object({
  id: OwnId,
  type: z.string().transform(wordOf),
  projectKey: ProjectKey.nullish(),
  resource: Reference,
  resourceUserProvidedIdentifiers: Identifiers.nullish(),
  resourceVersion: PositiveInteger.nullish(),
  sequenceNumber: PositiveInteger.nullish(),
  createdAt: Time,
});

/** An Event, or a future kind of notification: all fields are optional, and values that do not fit are ignored. */
export const Other = z.object({
  id: OwnId,
  type: z.string().transform(wordOf).optional().catch(undefined),
  projectKey: ProjectKey.optional().catch(undefined),
  resource: Reference.optional().catch(undefined),
  resourceUserProvidedIdentifiers: Identifiers.optional().catch(undefined),
  version: PositiveInteger.optional().catch(undefined),
  modifiedAt: Time,
  createdAt: Time,
});
