import { readFile } from 'node:fs/promises';
import type { Destination } from '@commercetools/platform-sdk';
import { parse } from 'yaml';
import { z } from 'zod';
import { connectorFile, ownHandlerFolders } from '../../configuration/load.ts';
import { openEngine } from '../../engine/engine.ts';
import { pubSubTarget, type Target, targetOf } from '../destination/destination.ts';
import { EXIT, type ExitCode, type Io, type Register } from '../io.ts';
import { logTo } from '../log.ts';
import { commercetoolsStep, findSubscription, resourceTypesOf } from '../provision/commercetools-step.ts';
import { apply } from '../provision/step.ts';
import { writeConnectPackage } from './package.ts';
import { CONNECT_KEY, connectDestination } from './subscription.ts';

const Routes = z.object({ routes: z.array(z.object({ props: z.object({ name: z.string() }) })) });

/** `connect-package`, and the two scripts that Connect runs. */
export const registerConnect: Register = (program, io, finish) => {
  program
    .command('connect-package')
    .description('Write a repository for commercetools Connect, with your configuration and handlers.')
    .argument('<folder>', 'an empty folder, or one that does not exist yet')
    .addHelpText(
      'after',
      '\nCommit the folder to a repository of its own, and give Connect its URL and a tag.',
    )
    .action(async (folder: string) => finish(await connectPackage(folder, io)));
  program
    .command('connect-post-deploy')
    .description(
      'Run by Connect after a deployment: create or update the commercetools subscription to the topic of Connect.',
    )
    .action(async () => finish(await postDeploy(io)));
  program
    .command('connect-pre-undeploy')
    .description('Run by Connect before a removal: remove the commercetools subscription.')
    .action(async () => finish(await preUndeploy(io)));
};

async function connectPackage(folder: string, io: Io): Promise<ExitCode> {
  const connector = connectorFile(io.env);
  const named = (io.env['HANDLERS_DIR'] ?? '').split(',').map((name) => name.trim());
  const handlers = ownHandlerFolders(named.filter((name) => name !== ''));
  const resourceTypes = resourceTypesOf(routesIn(await readFile(connector, 'utf8')));
  const { locked } = await writeConnectPackage({ folder, connector, handlers, resourceTypes });
  io.out(`Written: ${folder}/connect.yaml and ${folder}/customer-sync`);
  if (!locked)
    io.out(`Lock the dependencies there: npm install --package-lock-only --prefix ${folder}/customer-sync`);
  return EXIT.ok;
}

/** The routes of the file; the values of its variables are not known here, and only the routes are needed. */
function routesIn(text: string): { resourceType: string }[] {
  const { routes } = Routes.parse(parse(text));
  return routes.map(({ props }) => ({ resourceType: props.name }));
}

async function postDeploy(io: Io): Promise<ExitCode> {
  const destination = connectDestination(io.env);
  const configuration = await io.configuration();
  const resourceTypes = resourceTypesOf(configuration.connector.routes);
  const engine = openEngine(configuration, logTo(io));
  try {
    for (const { commercetools, account } of engine.accounts) {
      const wanted = { key: CONNECT_KEY, target: targetFor(destination), destination, resourceTypes };
      const { step, result } = await apply(
        commercetoolsStep(commercetools, account.projectKey, wanted),
        false,
      );
      io.out(`${result}  ${step}`);
    }
    return EXIT.ok;
  } finally {
    await engine.close();
  }
}

/** The wanted target of the subscription. */
function targetFor(destination: Destination): Target {
  if (destination.type === 'SNS') return targetOf('sns', { topicArn: destination.topicArn }, {});
  if (destination.type !== 'GoogleCloudPubSub')
    throw new Error('Expected a destination of commercetools Connect.');
  return pubSubTarget(`projects/${destination.projectId}/topics/${destination.topic}`);
}

async function preUndeploy(io: Io): Promise<ExitCode> {
  const engine = openEngine(await io.configuration(), logTo(io));
  try {
    for (const { commercetools, account } of engine.accounts) {
      const found = await findSubscription(commercetools, account.projectKey, CONNECT_KEY);
      const name = `commercetools subscription ${CONNECT_KEY} of ${account.projectKey}`;
      io.out(`${found ? 'removed' : 'not there'}  ${name}`);
      if (!found) continue;
      const queryArgs = { version: found.version };
      await commercetools.api.subscriptions().withId({ ID: found.id }).delete({ queryArgs }).execute();
    }
    return EXIT.ok;
  } finally {
    await engine.close();
  }
}
