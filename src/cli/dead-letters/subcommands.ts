import { z } from 'zod';
import type { Configuration } from '../../configuration/load.ts';
import type { DeadLetter } from '../../dead-letters/read.ts';
import { openEngine } from '../../engine/engine.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { logTo } from '../log.ts';
import type { Lease } from './lease.ts';
import { type Replayed, replay } from './replay.ts';
import { countsText, groupsOf, listText, rowsOf, shownOf } from './report.ts';

/** The options of all subcommands. */
export const Options = z.object({
  subscription: z.string().optional(),
  limit: z.number(),
  json: z.boolean().default(false),
  reveal: z.boolean().default(false),
  yes: z.boolean().default(false),
  all: z.boolean().default(false),
  reason: z.string().optional(),
});
export type Options = z.output<typeof Options>;

/** Lists the dead letters: counts by reason, then one line each. */
export async function list({ letters, more }: Lease, { json }: Options, io: Io): Promise<ExitCode> {
  const rows = rowsOf(letters, Date.now());
  io.out(json ? JSON.stringify({ groups: groupsOf(rows), letters: rows, more }) : listText(rows, more));
  return EXIT.ok;
}

/** Shows one dead letter; personal data only with `--reveal`. */
export async function show({ letters }: Lease, id: unknown, options: Options, io: Io): Promise<ExitCode> {
  const letter = letters.find(({ messageId }) => messageId === id);
  if (!letter) return notThere(String(id), letters, io);
  const shown = shownOf(letter, options.reveal);
  io.out(options.json ? JSON.stringify(shown) : JSON.stringify(shown, undefined, 2));
  return EXIT.ok;
}

/** Replays the selected dead letters, acknowledges those that succeed, and prints the result of each. */
export async function replayChosen(
  lease: Lease,
  id: unknown,
  configuration: Configuration,
  options: Options,
  io: Io,
): Promise<ExitCode> {
  const picked = pick(lease.letters, id, options, io);
  if (typeof picked === 'number') return picked;
  const engine = openEngine(configuration, logTo(io));
  try {
    const tried = await replay(picked, engine, io.signal, (letters) => lease.acknowledge(letters));
    const again = new Set(
      await lease.findAgain(tried.flatMap(({ letter, acknowledged }) => (acknowledged ? letter : []))),
    );
    const replayed = tried.map((one) => (again.has(one.letter) ? { ...one, acknowledged: false } : one));
    const returned = picked.length - replayed.filter(({ acknowledged }) => acknowledged).length;
    const lines = replayed.map(({ letter: { messageId, details }, outcome, acknowledged }) => ({
      messageId,
      identity: details['identity'] ?? null,
      outcome: outcome.kind,
      reason: outcome.reason,
      acknowledged,
      ...(outcome.detail !== undefined && { detail: outcome.detail }),
    }));
    if (options.json)
      io.out(JSON.stringify({ replayed: lines, acknowledged: picked.length - returned, returned }));
    else {
      for (const { messageId, identity, outcome, reason, detail } of lines)
        io.out(
          `${messageId}  ${identity ?? '-'}  ${outcome} (${reason})${outcome === 'done' || detail === undefined ? '' : `: ${detail}`}`,
        );
      io.out(`${picked.length - returned} succeeded and were removed, ${returned} remain.`);
      for (const advice of adviceFor(replayed)) io.out(advice);
    }
    if (io.signal.aborted) return EXIT.interrupted;
    return returned === 0 ? EXIT.ok : EXIT.found;
  } finally {
    await engine.close();
  }
}

/** Advice for dead letters that were neither done nor failed. */
function adviceFor(replayed: readonly Replayed[]): string[] {
  const ignored = replayed.filter(({ outcome }) => outcome.kind === 'ignored').length;
  const late = replayed.filter(
    ({ outcome, acknowledged }) => outcome.kind === 'done' && !acknowledged,
  ).length;
  return [
    ...(ignored > 0
      ? [`${ignored} ignored: no handler processed them. Check the routes of connector.yml, or drop them.`]
      : []),
    ...(late > 0
      ? [`${late} done, but their lease had expired: they remain, and replaying them again is safe.`]
      : []),
  ];
}

/** Acknowledges the selected dead letters after a confirmation. */
export async function drop(lease: Lease, id: unknown, options: Options, io: Io): Promise<ExitCode> {
  const picked = pick(lease.letters, id, options, io);
  if (typeof picked === 'number') return picked;
  const counts = countsText(picked);
  const question = `Drop ${picked.length} (${counts})? A dropped dead letter cannot be restored.`;
  if (picked.length > 0 && !options.yes && !(await confirm(io, question))) {
    io.err('Nothing was dropped.');
    return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
  }
  const acknowledged = await lease.acknowledge(picked);
  const again = new Set(await lease.findAgain(acknowledged));
  const dropped = acknowledged.filter((letter) => !again.has(letter));
  const remaining = picked.length - dropped.length;
  const ids = dropped.map(({ messageId }) => messageId);
  io.out(options.json ? JSON.stringify({ dropped: ids, remaining }) : `${dropped.length} dropped.`);
  if (remaining === 0) return EXIT.ok;
  io.err(`${remaining} remain because their lease had expired. Run the command again.`);
  return EXIT.found;
}

/** True when exactly one of the message id, `--all` and `--reason` is given. */
export function isOneChosen(id: unknown, { all, reason }: Pick<Options, 'all' | 'reason'>): boolean {
  return [id !== undefined, all, reason !== undefined].filter(Boolean).length === 1;
}

/** The selected dead letters, or the exit code when none has the given id. */
function pick(
  letters: readonly DeadLetter[],
  id: unknown,
  { all, reason }: Options,
  io: Io,
): readonly DeadLetter[] | ExitCode {
  if (all) return letters;
  if (reason !== undefined) return letters.filter((letter) => letter.reason === reason);
  const picked = letters.filter(({ messageId }) => messageId === id);
  return picked.length > 0 ? picked : notThere(String(id), letters, io);
}

function notThere(id: string, letters: readonly DeadLetter[], io: Io): ExitCode {
  io.err(
    `Expected a dead letter ${id}, found none among the ${letters.length} that were read; check \`dead-letters list\`, or raise --limit.`,
  );
  return EXIT.found;
}
