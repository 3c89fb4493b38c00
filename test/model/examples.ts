import type { Action, History } from './actions.ts';

const goOn = (pick: number, times: number): Action[] =>
  Array.from({ length: times }, () => ({ kind: 'go-on', pick }));
const deliver = (instance: number): Action => ({ kind: 'deliver', pick: 0, instance });
const deliverAgain = (message: number, instance: number): Action => ({
  kind: 'deliver-again',
  pick: message,
  instance,
});
const change = (firstName: 'A' | 'B', companyName: 'A' | undefined): Action => ({
  kind: 'change',
  person: { firstName, companyName, phone: undefined },
  jump: 1,
});
const wait = (seconds: number): Action => ({ kind: 'wait', seconds });

/** The steps of an undisturbed run: read and look-up, write, check; each has a step before and after it. */
const WHOLE_RUN = 8;

function past(instances: number, actions: Action[]): History {
  return { synced: false, instances, actions, deletedAt: undefined, rest: [0] };
}

/** Histories that are rarely drawn. They must end correctly. */
export const EXAMPLES: Record<string, History> = {
  'a look-up from before a value that came and went, beside a read from after it': past(2, [
    deliver(1),
    ...goOn(0, WHOLE_RUN),
    // The first instance looks up, and does not read yet.
    deliverAgain(0, 0),
    ...goOn(1, 2),
    change('A', 'A'),
    deliver(1),
    ...goOn(1, WHOLE_RUN),
    change('A', undefined),
    // It reads the newest version, and does not know that there is a value to blank.
    ...goOn(0, WHOLE_RUN),
    deliver(0),
  ]),
  'a crash after an older version was written, between a look-up and the memory of it': past(3, [
    deliver(0),
    ...goOn(0, WHOLE_RUN),
    change('B', undefined),
    // The second instance is about to write version 2.
    deliver(1),
    ...goOn(0, 4),
    change('A', undefined),
    deliver(2),
    ...goOn(1, WHOLE_RUN),
    // The first instance has found version 3 in Fluent, and does not read yet.
    deliverAgain(2, 0),
    ...goOn(2, 2),
    ...goOn(0, 1),
    { kind: 'crash', instance: 1 },
    wait(5),
    ...goOn(0, WHOLE_RUN),
    wait(6),
    deliver(0),
  ]),
};
