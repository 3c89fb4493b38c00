import manifest from '../../package.json' with { type: 'json' };

/** What node is given to start the service, as by `npm start`: `--…` and the file. */
export const START: readonly string[] = manifest.scripts.start.split(' ').slice(1);
