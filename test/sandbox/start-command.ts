import manifest from '../../package.json' with { type: 'json' };

/** The arguments of node that start the service, as in `npm start`: flags and the file. */
export const START: readonly string[] = manifest.scripts.start.split(' ').slice(1);
