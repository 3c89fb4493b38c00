import { ConfigurationError } from '../../configuration-error.ts';

/** The image does not contain the stand-ins, which are only for development. */
export async function loadStandIns() {
  try {
    const [{ startStandIns }, { findRealSystem }] = await Promise.all([
      import('../../../test/kit/stand-ins.ts'),
      import('../../../test/kit/real-systems.ts'),
    ]);
    return { startStandIns, findRealSystem };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new ConfigurationError([
      {
        where: 'the stand-ins',
        expected: 'the repository, or the npm package, which hold them',
        found: 'neither, as in the image',
      },
    ]);
  }
}
