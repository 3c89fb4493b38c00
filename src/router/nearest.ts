const FEWEST_LETTERS = 3;

/**
 * The known name that a mistyped one was meant to be: the closest of which at most a third is wrong, else the shortest that
 * begins with it.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, letters: distance(name, candidate) }))
    .sort((a, b) => a.letters - b.letters);
  const best = ranked[0];
  if (best && best.letters <= Math.ceil(name.length / 3)) return best.candidate;
  if (name.length < FEWEST_LETTERS) return undefined;
  return ranked.find(({ candidate }) => candidate.toLowerCase().startsWith(name.toLowerCase()))?.candidate;
}

/** The number of letters to insert, delete or change to make the texts equal (Levenshtein distance), ignoring case. */
export function distance(from: string, to: string): number {
  const [one, other] = [from.toLowerCase(), to.toLowerCase()];
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...one].entries()) {
    const current = [row + 1];
    for (const [column, wanted] of [...other].entries()) {
      const change = (previous[column] ?? 0) + (letter === wanted ? 0 : 1);
      current.push(Math.min(change, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
