import type { Event } from '../../notification/event.ts';
import type { CustomerWork } from '../customers/pipeline.ts';
import { decided } from '../customers/previews.ts';
import type { Finding } from './findings.ts';
import type { Copy } from './fluent-pages.ts';

/** Finds the copies of a page whose commercetools customer is gone; with `fix`, handles each like a deletion. */
export async function orphansAmong(
  copies: readonly Copy[],
  work: CustomerWork,
  fix: boolean,
): Promise<Finding[]> {
  const findings = await Promise.all(copies.map((copy) => orphan(copy, work, fix)));
  return findings.filter((finding) => finding !== undefined);
}

async function orphan(copy: Copy, work: CustomerWork, fix: boolean): Promise<Finding | undefined> {
  const { id } = copy;
  // A copy from another project is found when that project is reconciled.
  if (copy.projectKey !== undefined && copy.projectKey !== work.account.account.projectKey) return undefined;
  // All projects that feed this Fluent retailer are read, because the customer may exist in another one.
  const held = await Promise.all(work.siblings.map(({ commercetools }) => commercetools.readCustomer(id)));
  if (held.some((customer) => customer !== undefined)) return undefined;
  const event = deletionOf(work.account.account.projectKey, copy);
  const preview = work.preview && (await decided(work.preview(event)));
  if (preview && 'undecided' in preview) return { finding: 'undecided', id, reason: preview.undecided };
  if (preview?.action === 'ignored') return undefined;
  if (preview?.action === 'gone' && preview.username === copy.username && preview.reason === 'unchanged')
    return undefined;
  const finding = { finding: 'orphaned', id } as const;
  if (preview?.action !== 'gone') return { ...finding, reason: 'came-back' };
  if (preview.reason === 'customer-gone') return { ...finding, reason: 'left-as-it-is' };
  if (preview.username !== copy.username) return { ...finding, reason: 'another-username' };
  if (!fix) return finding;
  const outcome = await work.handle(event);
  return outcome?.kind === 'done'
    ? { ...finding, fixed: true }
    : { ...finding, reason: outcome?.reason ?? 'interrupted' };
}

function deletionOf(projectKey: string, { id, identifiers }: Copy): Event {
  return {
    identity: `customer/${id}`,
    kind: 'ResourceDeleted',
    projectKey,
    resource: { typeId: 'customer', id, identifiers },
    deletion: true,
  };
}
