import type { Contention, Happening } from './contention-actions.ts';
import type { ProjectKey } from './people.ts';

const create = (project: ProjectKey, key: 'k' | 'l' = 'k'): Happening => ({ kind: 'create', project, key });
const remove: Happening = { kind: 'delete', pick: 0 };
const change: Happening = { kind: 'change', pick: 0, firstName: 'A', companyName: undefined };
/** Delivers the message that is the nth of those not acknowledged yet. */
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

/** The write of a customer that moves away while it is written, over the one that has its former username by then. */
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

/** Histories that random play, or a reader, has found, and that must come out well. */
export const FOUND: Record<string, Contention> = {
  'one that moves away writes over its successor': history([...lateWriteOfMover, runOn(1, WHOLE_RUN)]),
  'one that moves away writes over its successor, and dies': history([
    ...lateWriteOfMover,
    runOn(1, 1),
    { kind: 'crash', instance: 1 },
  ]),
  'a look-up that lags hides from a deletion who waits': history(
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
  'one is given a username while a third one writes': {
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
  'three take a username over at once': {
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
