/** Before the tests with Docker: installs what they need, where that is allowed; otherwise says what is missing. */
import { installMissing } from '../support/install.ts';
import { DOCKER_PACKAGES, whyNoDocker } from './needs.ts';

installMissing(DOCKER_PACKAGES, 'the tests with Docker');
const why = whyNoDocker();
if (why !== null) {
  process.stderr.write(`The tests with Docker will be skipped. ${why}\n`);
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
