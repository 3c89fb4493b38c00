// Imported first by the entry points, in syntax that an old Node reads: without it an old Node ends in a stack trace about
// `.ts` files. Keep it free of imports.
const WANTED = 24;

const { node: found } = process.versions;
if (Number(found.split('.')[0]) < WANTED) {
  process.stderr.write(
    `Expected Node ${WANTED} or newer, found Node ${found} (${process.execPath}). Install Node ${WANTED}, or put it first in PATH: \`npm install node@${WANTED}\` brings it to npm scripts and npx.\n`,
  );
  process.exit(1);
}
