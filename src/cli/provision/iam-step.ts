import type { IAM } from '@google-cloud/pubsub';
import { Failure } from '../../outcome.ts';
import { ask, find, type Google } from '../google/client.ts';
import type { Step } from './step.ts';

/** A role that a member is to have on a topic or a subscription. */
export interface Right {
  readonly name: string;
  readonly iam: IAM;
  readonly role: string;
  readonly member: string | undefined;
  /** Why it is left out where the member is not known. */
  readonly otherwise: string;
}

/** Gives the role where it is not given yet, and keeps all others. */
export function rightStep({ emulator }: Google, { name, iam, role, member, otherwise }: Right): Step {
  return {
    name,
    async plan() {
      if (emulator) return { kind: 'skipped', detail: 'the emulator knows no rights' };
      if (member === undefined || member === '') return { kind: 'skipped', detail: otherwise };
      // What is still to be made has no rights yet.
      const [policy] = (await find(name, () => iam.getPolicy())) ?? [{}];
      const bindings = policy.bindings ?? [];
      if (bindings.some((binding) => binding.role === role && binding.members?.includes(member)))
        return { kind: 'unchanged' };
      if (bindings.some((binding) => binding.role?.includes('_withcond_')))
        throw new Failure(
          'conditional-rights',
          `Found rights with conditions on ${iam.id}, which this command would lose; add ${role} for ${member} with gcloud.`,
        );
      // With the policy's etag, so that what another has granted meanwhile is not lost.
      const next = async () => {
        const [current] = await iam.getPolicy();
        const others = current.bindings ?? [];
        await iam.setPolicy({ ...current, bindings: [...others, { role, members: [member] }] });
      };
      return { kind: 'change', detail: `${role} for ${member}`, apply: () => ask(name, next) };
    },
  };
}
