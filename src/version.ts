import manifest from '../package.json' with { type: 'json' };

export const { name: NAME, version: VERSION } = manifest;

/** How this service names itself to its upstreams. */
export const USER_AGENT = `${NAME}/${VERSION} Node.js/${process.versions.node} (${process.platform})`;
