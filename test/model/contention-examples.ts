import type { Contention, Happening } from './contention-actions.ts';
import type { ProjectKey } from './people.ts';

const create = (project: ProjectKey): Happening => ({ kind: 'create', project, key: 'k' });
const remove: Happening = { kind: 'delete', pick: 0 };
const change: Happening = { kind: 'change', pick: 0, firstName: 'A' };
/** Delivers the message that is the nth of those not acknowledged yet. */
const deliver = (nth: number, instance: number): Happening => ({
  kind: 'deliver',
  pick: nth,
  instance,
  again: false,
});
const runOn = (instance: number, steps: number): Happening => ({ kind: 'run-on', instance, steps });
/** Each operation takes a step before its effect and one after it. */
const READ_AND_LOOK_UP = 4;
const WHOLE_RUN = 60;

function history(actions: Happening[], lags: Contention['lags'] = [0]): Contention {
  return { instances: 2, actions, lags, rest: [0] };
}

const synced = [create('one'), deliver(0, 0), runOn(0, WHOLE_RUN)];

/** The histories in which each defect shows, by what is wrong in them; they must come out well. */
export const CONTENTION = {
  'a deletion blanks the living one that took the username over': history([
    ...synced,
    remove,
    create('one'),
    deliver(0, 1),
    runOn(1, READ_AND_LOOK_UP),
    deliver(0, 0),
    runOn(0, WHOLE_RUN),
    runOn(1, WHOLE_RUN),
  ]),
  'a slow update of one that is gone lands on the living one': history([
    ...synced,
    change,
    deliver(0, 1),
    runOn(1, READ_AND_LOOK_UP),
    remove,
    create('one'),
    deliver(1, 0),
    runOn(0, WHOLE_RUN),
    runOn(1, WHOLE_RUN),
  ]),
  'two that are living take a username over at once': history([
    ...synced,
    remove,
    create('one'),
    create('two'),
    deliver(1, 0),
    deliver(1, 1),
    // It has asked for the owner as well.
    runOn(1, READ_AND_LOOK_UP + 2),
    runOn(0, WHOLE_RUN),
    runOn(1, WHOLE_RUN),
  ]),
  'the owner of another project is asked for in the own one': history([
    ...synced,
    create('two'),
    deliver(0, 1),
    runOn(1, WHOLE_RUN),
  ]),
  // The fourth read is the query that the deletion is taken for an update by.
  'a deletion is believed to a query that lags': history(
    [...synced, remove, deliver(0, 0), runOn(0, WHOLE_RUN)],
    [0, 0, 0, 1, 0],
  ),
} as const;
