import type { IAM } from '@google-cloud/pubsub';
import { Failure } from '../../outcome.ts';
import { find, type Google, requestGoogle } from '../google/client.ts';
import type { Step } from './step.ts';

/** A role that a member should have on a topic or a subscription. */
export interface Grant {
  readonly name: string;
  readonly iam: IAM;
  readonly role: string;
  readonly member: string | undefined;
  /** Why the step is skipped if `member` is undefined. */
  readonly whySkipped: string;
}

/** Grants the role unless it is granted already, and keeps all other bindings. */
export function grantStep({ emulator }: Google, { name, iam, role, member, whySkipped }: Grant): Step {
  return {
    name,
    async plan() {
      if (emulator) return { kind: 'skipped', detail: 'the emulator has no permissions' };
      if (member === undefined || member === '') return { kind: 'skipped', detail: whySkipped };
      // A resource that does not exist yet has no policy.
      const [policy] = (await find(name, () => iam.getPolicy())) ?? [{}];
      const bindings = policy.bindings ?? [];
      if (bindings.some((binding) => binding.role === role && binding.members?.includes(member)))
        return { kind: 'unchanged' };
      if (bindings.some((binding) => binding.role?.includes('_withcond_')))
        throw new Failure(
          'conditional-rights',
          `Found role bindings with conditions on ${iam.id}, which this command would remove; add ${role} for ${member} with gcloud.`,
        );
      // Sent with the policy's etag, so that a concurrent change of the policy is not overwritten.
      const next = async () => {
        const [current] = await iam.getPolicy();
        const others = current.bindings ?? [];
        await iam.setPolicy({ ...current, bindings: [...others, { role, members: [member] }] });
      };
      return { kind: 'change', detail: `${role} for ${member}`, apply: () => requestGoogle(name, next) };
    },
  };
}
