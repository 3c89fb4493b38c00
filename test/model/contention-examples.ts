import type { Contention, Happening } from './contention-actions.ts';
import type { ProjectKey } from './people.ts';

const create = (project: ProjectKey, key: 'k' | 'l' = 'k'): Happening => ({ kind: 'create', project, key });
const remove: Happening = { kind: 'delete', pick: 0 };
const change: Happening = { kind: 'change', pick: 0, firstName: 'A', companyName: undefined };
/** Delivers the nth message of those that are not acknowledged yet. */
const deliver = (nth: number, instance: number): Happening => ({
  kind: 'deliver',
  pick: nth,
  instance,
  again: false,
});
const deliverAgain = (nth: number, instance: number): Happening => ({
  kind: 'deliver',
  pick: nth,
  instance,
  again: true,
});
const move = (key: 'k' | 'l', pick = 0): Happening => ({ kind: 'move', pick, key });
const changeCompany: Happening = { kind: 'change', pick: 0, firstName: 'A', companyName: 'C' };
const goOn = (pick = 0): Happening => ({ kind: 'go-on', pick });
const runOn = (instance: number, steps: number): Happening => ({ kind: 'run-on', instance, steps });
/** Each operation takes a step before its effect and one after it. */
const READ_AND_LOOK_UP = 4;
const WHOLE_RUN = 60;

function history(actions: Happening[], lags: Contention['lags'] = [0]): Contention {
  return { isUnique: true, instances: 2, actions, lags, rest: [0] };
}

const synced = [create('one'), deliver(0, 0), runOn(0, WHOLE_RUN)];

/** Histories that show each defect, by the defect. They must end correctly. */
export const CONTENTION = {
  'a deletion blanks the living customer that took over the username': history([
    ...synced,
    remove,
    create('one'),
    deliver(0, 1),
    runOn(1, READ_AND_LOOK_UP),
    deliver(0, 0),
    runOn(0, WHOLE_RUN),
    runOn(1, WHOLE_RUN),
  ]),
  'a slow update of a deleted customer overwrites the living one': history([
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
  'two living customers take over a username at once': history([
    ...synced,
    remove,
    create('one'),
    create('two'),
    deliver(1, 0),
    deliver(1, 1),
    // By then it has read the owner as well.
    runOn(1, READ_AND_LOOK_UP + 2),
    runOn(0, WHOLE_RUN),
    runOn(1, WHOLE_RUN),
  ]),
  'the owner from another project is read from this project': history([
    ...synced,
    create('two'),
    deliver(0, 1),
    runOn(1, WHOLE_RUN),
  ]),
  // The fourth read is the query whose lag would make the deletion look like an update.
  'a deletion relies on a query that lags': history(
    [...synced, remove, deliver(0, 0), runOn(0, WHOLE_RUN)],
    [0, 0, 0, 1, 0],
  ),
} as const;

/** A customer that changes its username while it is written. The late write overwrites the new owner of the former username. */
const lateWriteOfMover = [
  ...synced,
  change,
  deliver(0, 1),
  runOn(1, READ_AND_LOOK_UP),
  move('l'),
  create('one'),
  deliver(1, 0),
  runOn(0, WHOLE_RUN),
  deliver(1, 0),
  runOn(0, WHOLE_RUN),
];

/** Histories found by random play or by review. They must end correctly. */
export const FOUND: Record<string, Contention> = {
  'a customer that changes its username overwrites the new owner': history([
    ...lateWriteOfMover,
    runOn(1, WHOLE_RUN),
  ]),
  'a customer that changes its username overwrites the new owner, and its instance dies': history([
    ...lateWriteOfMover,
    runOn(1, 1),
    { kind: 'crash', instance: 1 },
  ]),
  'a lagging look-up hides the waiting customer from a deletion': history(
    [
      ...synced,
      create('two'),
      deliver(0, 0),
      runOn(0, WHOLE_RUN),
      remove,
      deliver(0, 0),
      runOn(0, WHOLE_RUN),
    ],
    [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ),
  'a customer receives a username while a third one writes': {
    ...history(
      [
        create('one'),
        deliver(0, 0),
        remove,
        create('one'),
        changeCompany,
        move('l'),
        create('one'),
        create('two'),
        deliverAgain(16, 0),
        goOn(),
        runOn(0, 2),
        runOn(0, 2),
        create('one'),
        create('one'),
        goOn(),
        deliver(0, 0),
        changeCompany,
      ],
      [1],
    ),
    instances: 1,
  },
  'three customers take over a username at once': {
    ...history(
      [
        create('one'),
        move('l'),
        create('one'),
        create('one'),
        goOn(),
        deliver(0, 0),
        deliver(0, 0),
        goOn(),
        create('one'),
        goOn(),
        goOn(),
      ],
      [0, 1, 0],
    ),
    isUnique: false,
    instances: 1,
    rest: [9, 0, 6],
  },
};
